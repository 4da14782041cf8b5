/** Below this only 443 is open: the rest are services that speak before they listen, or act on what they are sent. */
export const FIRST_OPEN_PORT = 1024;

/**
 * Services on high ports that could be made to do something by bytes of an HTTP request, or that belong to nobody outside:
 * the list that browsers keep (fetch.spec.whatwg.org, "bad port"), then databases, queues, caches, mail and the control
 * ports of clusters.
 */
export const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
  // SMTP beside 25, and SOCKS
  1025, 1080, 2525,
  // SQL Server, Oracle, MySQL, PostgreSQL, Redis (and TLS, Sentinel), Cassandra, CouchDB, MongoDB, Elasticsearch
  1433,
  1434, 1521, 3306, 5432, 6379, 6380, 26379, 9042, 9160, 5984, 27017, 27018, 27019, 9200, 9300,
  // Memcached, AMQP, Kafka, NATS, ZooKeeper
  11211, 5671, 5672, 9092, 4222, 2181,
  // Docker, etcd, Kubernetes, Consul, X11 and remote desktops
  2375, 2376, 2379, 2380, 6443, 10250, 10255, 8500, 3389, 5900, 5901,
]);
