// Cuts the bytes that a PostgreSQL client sends into messages (the manual, "Message Formats").
// Never changes them; once TLS begins it can only say that it no longer sees any.

export interface FrontendMessage {
  /** `startup`, `ssl`, `gssenc` or `cancel`, else the type byte: `Q` a simple query, `P`, `B`, `E`, `S`, `X` … */
  type: string;
  /** The body as text: for `Q` the query. */
  text: string;
}

const UNTYPED: Record<number, string> = { 80877102: 'cancel', 80877103: 'ssl', 80877104: 'gssenc' };
const TLS_HANDSHAKE = 0x16;

/** Reads one connection: a function to give each chunk to, which returns the messages that the chunk completes, with their bytes. */
export function frontendMessages(): (chunk: Buffer) => { message: FrontendMessage | undefined; bytes: Buffer }[] {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  let opaque = false;

  return function take(chunk) {
    rest = Buffer.concat([rest, chunk]);
    const found: { message: FrontendMessage | undefined; bytes: Buffer }[] = [];
    for (;;) {
      if (!started && rest[0] === TLS_HANDSHAKE) opaque = true;
      if (opaque) {
        if (rest.length) found.push({ message: undefined, bytes: rest });
        rest = Buffer.alloc(0);
        return found;
      }
      const header = started ? 5 : 4;
      if (rest.length < header) return found;
      const length = rest.readUInt32BE(started ? 1 : 0) + (started ? 1 : 0);
      if (rest.length < length) return found;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      const type = started ? String.fromCharCode(bytes[0]!) : (UNTYPED[bytes.readUInt32BE(4)] ?? 'startup');
      started ||= type === 'startup';
      const text = bytes.subarray(started && type !== 'startup' ? 5 : 8).toString('utf8');
      found.push({ message: { type, text: text.replace(/\0$/, '') }, bytes });
    }
  };
}
