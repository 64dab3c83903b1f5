/**
 * How one answer departs from the right one. Everything is optional and applies to whatever the right answer would have
 * been.
 */
export interface Fault {
  /** Close the connection instead of answering. */
  readonly drop?: boolean;
  /** Milliseconds before the answer's head. */
  readonly delayMs?: number;
  readonly status?: number;
  /** Added to the right answer's, or put in their place; null takes one away. Names in lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** In place of the right body. */
  readonly body?: string | Uint8Array;
  /** Answer 307 with this Location. */
  readonly redirect?: string;
  /** Close the connection after this many bytes of the body. */
  readonly truncateAfter?: number;
  /** End the answer cleanly after this many bytes of the body. */
  readonly endAfter?: number;
  /** Fall silent after this many bytes of the body, and keep the connection. */
  readonly stallAfter?: number;
  /** Turn one byte of the body into another; counted from the body's start. */
  readonly corruptByte?: number;
  /** Send this many bytes more than there are. */
  readonly extraBytes?: number;
  /** Answer 200 with everything, whatever range was asked for. */
  readonly ignoreRange?: boolean;
  /** Body bytes per second; default: as fast as they go. */
  readonly bytesPerSecond?: number;
}

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Undefined: a blob's file is streamed. */
  readonly body: Uint8Array;
}

/** The answer that a fault makes of the right one. How it is sent is for the sender to bend. */
export function faulty(right: Answer, fault: Fault): Answer {
  let { status, body } = right;
  const headers: Record<string, string | readonly string[]> = { ...right.headers };
  if (fault.redirect !== undefined) {
    status = 307;
    headers.location = fault.redirect;
    body = new Uint8Array();
  }
  status = fault.status ?? status;
  if (fault.body !== undefined) {
    body = typeof fault.body === 'string' ? Buffer.from(fault.body) : fault.body;
  }
  if (fault.corruptByte !== undefined && fault.corruptByte < body.length) {
    const copy = Uint8Array.from(body);
    copy[fault.corruptByte] = (copy[fault.corruptByte] ?? 0) ^ 0xff;
    body = copy;
  }
  if (fault.extraBytes !== undefined) body = Buffer.concat([body, Buffer.alloc(fault.extraBytes, 'x')]);
  if (fault.endAfter !== undefined) body = body.subarray(0, fault.endAfter);

  const hasOwnLength = fault.body !== undefined || fault.redirect !== undefined;
  if (hasOwnLength) headers['content-length'] = String(body.length);
  // Without a length the answer goes out in chunks, which may end anywhere.
  if (fault.extraBytes !== undefined || fault.endAfter !== undefined) delete headers['content-length'];
  for (const [name, value] of Object.entries(fault.headers ?? {})) {
    if (value === null) delete headers[name];
    else headers[name] = value;
  }
  return { status, headers, body };
}
