/**
 * The TypeScript side of attach.sock: what clients and a monitor say to each other (native/helper/frames.h).
 *
 * A frame is `u8 type, 3 zero bytes, u32 length, payload of at most 64 KiB`; numbers are little-endian.
 */

/** Types of frames that a client sends; `resolver` is the helper's alone, for it takes descriptors along. */
export const CLIENT_FRAME = {
  hello: 1,
  stdin: 2,
  stdinEnd: 3,
  resize: 4,
  signal: 5,
  detach: 6,
  reload: 7,
  resolver: 8,
} as const;

/** Types of frames that a monitor sends. */
export const MONITOR_FRAME = {
  stdout: 65,
  stderr: 66,
  windowOpen: 67,
  exit: 68,
  error: 69,
  reloaded: 70,
} as const;

/** What a client wants, said in its hello; none of them: it only waits for the end. */
export const WANTS = { stdin: 1, stdout: 2, stderr: 4 } as const;

const HEADER_BYTES = 8;
const MAX_PAYLOAD = 64 * 1024;

/** A frame as a client sends it. */
export type ClientFrame =
  | { readonly type: 'hello'; readonly wants: number }
  | { readonly type: 'stdin'; readonly data: Uint8Array }
  | { readonly type: 'stdinEnd' }
  | { readonly type: 'resize'; readonly rows: number; readonly columns: number }
  | { readonly type: 'signal'; readonly signal: number }
  | { readonly type: 'detach' }
  /** The plan in force was replaced: its ports are to be held. */
  | { readonly type: 'reload' };

/** A frame as a monitor sends it. */
export type MonitorFrame =
  | { readonly type: 'stdout' | 'stderr'; readonly data: Buffer }
  /** So many bytes of stdin were passed on: as many more may be sent. */
  | { readonly type: 'windowOpen'; readonly bytes: number }
  /** The end: state is written and everything torn down. `signal` 0: it exited by itself. */
  | { readonly type: 'exit'; readonly code: number; readonly signal: number; readonly oomKilled: boolean }
  | { readonly type: 'error'; readonly message: string }
  /** Answers `reload`; errno 0: done. */
  | { readonly type: 'reloaded'; readonly errno: number; readonly operand: string };

/** The bytes of one frame. RangeError when stdin data exceeds one frame's 64 KiB. */
export function encodeClientFrame(frame: ClientFrame): Buffer {
  switch (frame.type) {
    case 'hello':
      return frameOf(CLIENT_FRAME.hello, words(frame.wants));
    case 'stdin':
      return frameOf(CLIENT_FRAME.stdin, frame.data);
    case 'stdinEnd':
      return frameOf(CLIENT_FRAME.stdinEnd, words());
    case 'resize':
      return frameOf(CLIENT_FRAME.resize, words(frame.rows, frame.columns));
    case 'signal':
      return frameOf(CLIENT_FRAME.signal, words(frame.signal));
    case 'detach':
      return frameOf(CLIENT_FRAME.detach, words());
    case 'reload':
      return frameOf(CLIENT_FRAME.reload, words());
  }
}

function words(...values: number[]): Buffer {
  const payload = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    payload.writeUInt32LE(value, index * 4);
  });
  return payload;
}

function frameOf(type: number, payload: Uint8Array): Buffer {
  if (payload.length > MAX_PAYLOAD) throw new RangeError(`a frame holds at most ${MAX_PAYLOAD} bytes`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(type, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** Cuts what comes from a monitor into frames. */
export class MonitorFrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** All frames that are whole with this piece. Throws RangeError on a frame that no monitor sends. */
  push(piece: Buffer): MonitorFrame[] {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const frames: MonitorFrame[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUInt32LE(4);
      if (end > HEADER_BYTES + MAX_PAYLOAD) throw new RangeError('frame too long');
      if (this.#rest.length < end) break;
      frames.push(decodeMonitorFrame(this.#rest.readUInt8(0), this.#rest.subarray(HEADER_BYTES, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

function decodeMonitorFrame(type: number, payload: Buffer): MonitorFrame {
  switch (type) {
    case MONITOR_FRAME.stdout:
      return { type: 'stdout', data: payload };
    case MONITOR_FRAME.stderr:
      return { type: 'stderr', data: payload };
    case MONITOR_FRAME.windowOpen:
      return { type: 'windowOpen', bytes: payload.readUInt32LE(0) };
    case MONITOR_FRAME.exit:
      return {
        type: 'exit',
        code: payload.readUInt32LE(0),
        signal: payload.readUInt32LE(4),
        oomKilled: payload.readUInt32LE(8) !== 0,
      };
    case MONITOR_FRAME.reloaded:
      return { type: 'reloaded', errno: payload.readUInt32LE(0), operand: payload.toString('utf8', 4) };
    case MONITOR_FRAME.error:
      return { type: 'error', message: payload.toString('utf8') };
    default:
      throw new RangeError(`unknown frame type ${type}`);
  }
}
