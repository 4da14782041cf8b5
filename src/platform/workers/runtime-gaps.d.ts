// The generated types of the runtime are wider here than what it does.

interface TextEncoder {
  /** Always in a buffer of its own. */
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
