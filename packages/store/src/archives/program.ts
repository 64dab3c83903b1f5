import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import { systemCode } from '../system-error';

/** A program that turns one stream into another. */
export interface Program {
  readonly command: string;
  readonly words: readonly string[];
  /** The failure where the program is missing. */
  missing(cause: unknown): Error;
  /** The failure of a program that did not end with 0; `complaint` is what it said, on one line. */
  failed(complaint: string): Error;
}

/** Whatever the user's environment says, programs run without options of theirs (XZ_OPT, ZSTD_CLEVEL, NODE_OPTIONS). */
const CLEAN_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};
const LONGEST_COMPLAINT = 300;

/** What a program makes of a stream. The signal kills the program, whose silence may be long. */
export async function* through(
  { command, words, missing, failed }: Program,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const child = spawn(command, words, { env: CLEAN_ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child, 'spawn').catch(cause => {
    throw missing(cause);
  });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  const ended = once(child, 'close') as Promise<[number | null]>;
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(0, LONGEST_COMPLAINT);
  });
  let failure: unknown;
  pipeline(Readable.from(chunks, { objectMode: false }), child.stdin, error => {
    // A program that gave up closes its input: its status tells more.
    if (error && systemCode(error) !== 'EPIPE' && systemCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') {
      failure = error;
      kill();
    }
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [status] = await ended;
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (status !== 0) throw failed(complaint.trim());
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
    await ended;
  }
}
