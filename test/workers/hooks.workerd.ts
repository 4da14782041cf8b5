/** Providers' calls are read, and their signatures verified, as on Node. */
import '../inbound/hooks/mailgun.test.ts';
import '../inbound/hooks/readers.test.ts';
import '../inbound/hooks/ses.test.ts';
import '../inbound/hooks/unsigned.test.ts';
