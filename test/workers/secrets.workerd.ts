/** The same sealing and signing as on Node. */
import '../secrets/sealer.test.ts';
import '../secrets/signature.test.ts';
