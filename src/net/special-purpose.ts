import { type Address, contains, parseRange, type Range } from './address.ts';

/**
 * Whether an address is one that anybody on the public internet reaches: neither this machine, nor its neighbours, nor the
 * metadata service of its cloud, nor a group, nor a tunnel whose far end the writer of the address chose.
 *
 * Every block of the IANA special-purpose registries is refused, also the few that are reachable (anycast services of the
 * network itself): no receiver and no file lives there.
 */
export function isGlobal(address: Address): boolean {
  if (address.bits === 32) return !SPECIAL_V4.some((range) => contains(range, address));
  // RFC 6052 §2.1: on a network without IPv4 every public IPv4 host is reached at 64:ff9b::<its address>.
  if (contains(NAT64, address)) return isGlobal({ bits: 32, value: address.value & 0xffff_ffffn });
  return contains(GLOBAL_UNICAST, address) && !SPECIAL_V6.some((range) => contains(range, address));
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry and the multicast block, RFC 5771. */
const SPECIAL_V4 = ranges([
  '0.0.0.0/8', // this network; 0.0.0.0 is this machine
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // behind a carrier's NAT, RFC 6598; a cloud keeps its metadata at 100.100.100.200
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // in no registry: the host's own services on every Azure machine
  '169.254.0.0/16', // link-local, RFC 3927; metadata at 169.254.169.254 and 169.254.170.2
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // protocol assignments, RFC 6890; metadata at 192.0.0.192
  '192.0.2.0/24', // documentation, RFC 5737
  '192.31.196.0/24', // AS112, RFC 7535
  '192.52.193.0/24', // AMT, RFC 7450
  '192.88.99.0/24', // 6to4 relays, withdrawn by RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '192.175.48.0/24', // AS112, RFC 7534
  '198.18.0.0/15', // benchmarking, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and the broadcast address
]);

/**
 * RFC 4291 §2.4, and all that IANA has opened so far. Loopback, unspecified, IPv4-compatible (`::127.0.0.1`), IPv4-translated
 * (`::ffff:0:127.0.0.1`), local NAT64, discard, segment routing, unique local, link-local, site-local and multicast addresses
 * are all outside.
 */
const GLOBAL_UNICAST = range('2000::/3');

const NAT64 = range('64:ff9b::/96');

/** https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it lies inside 2000::/3. */
const SPECIAL_V6 = ranges([
  '2001::/23', // protocol assignments, RFC 2928: Teredo (an IPv4 address inside), ORCHID, benchmarking, AMT, AS112
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4: packets go to the IPv4 address inside, RFC 3056; withdrawn in practice, RFC 7526
  '2620:4f:8000::/48', // AS112, RFC 7534
  '3fff::/20', // documentation, RFC 9637
]);

function ranges(texts: readonly string[]): readonly Range[] {
  return texts.map(range);
}

function range(text: string): Range {
  const read = parseRange(text);
  if (read === null) throw new Error(`not a range: ${text}`);
  return read;
}
