import { Socket } from 'node:net';
import {
  type ClientFrame,
  encodeClientFrame,
  type MonitorFrame,
  MonitorFrameReader,
  WANTS,
} from '../../../packages/runtime/dist/attach-protocol';

type ExitFrame = Extract<MonitorFrame, { type: 'exit' }>;

/** An attach client that keeps what it gets. */
export class Client {
  readonly exited: Promise<ExitFrame>;
  readonly errors: string[] = [];
  window = 0;
  readonly #socket: Socket;
  readonly #out: Buffer[] = [];
  readonly #err: Buffer[] = [];
  #changed: (() => void)[] = [];

  constructor(fd: number, wants: number = WANTS.stdin | WANTS.stdout | WANTS.stderr) {
    this.#socket = new Socket({ fd, readable: true, writable: true });
    this.exited = new Promise((resolve, reject) => {
      const reader = new MonitorFrameReader();
      this.#socket.on('data', piece => {
        for (const frame of reader.push(piece as Buffer)) this.#take(frame, resolve);
      });
      this.#socket.on('error', reject);
      this.#socket.on('close', () => reject(new Error('the monitor closed the connection')));
    });
    this.exited.catch(() => undefined);
    this.send({ type: 'hello', wants });
  }

  #take(frame: MonitorFrame, exit: (frame: ExitFrame) => void): void {
    if (frame.type === 'stdout') this.#out.push(Buffer.from(frame.data));
    if (frame.type === 'stderr') this.#err.push(Buffer.from(frame.data));
    if (frame.type === 'windowOpen') this.window += frame.bytes;
    if (frame.type === 'error') this.errors.push(frame.message);
    if (frame.type === 'exit') {
      exit(frame);
      this.#socket.destroy();
    }
    for (const wake of this.#changed.splice(0)) wake();
  }

  send(frame: ClientFrame): void {
    this.#socket.write(encodeClientFrame(frame));
  }

  /** Sends input, however long, as the window allows. */
  async feed(data: Buffer): Promise<void> {
    let room = 64 * 1024;
    let seen = this.window;
    for (let at = 0; at < data.length; ) {
      room += this.window - seen;
      seen = this.window;
      if (room === 0) {
        await new Promise<void>(resolve => this.#changed.push(resolve));
        continue;
      }
      const piece = data.subarray(at, at + Math.min(room, 16 * 1024));
      this.send({ type: 'stdin', data: piece });
      room -= piece.length;
      at += piece.length;
    }
  }

  /** Waits until stdout matches. */
  async expect(pattern: RegExp, timeoutMs = 5000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!pattern.test(this.stdout())) {
      if (Date.now() > deadline)
        throw new Error(`no ${pattern} in ${JSON.stringify([this.stdout(), this.stderr()])}`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 50);
        this.#changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#out);
  }

  stdout(): string {
    return this.bytes().toString();
  }

  stderr(): string {
    return Buffer.concat(this.#err).toString();
  }
}
