import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY } from './tinyd';

const SCRIPT = join(REPOSITORY, 'test', 'support', 'terminal.py');

/** A command on a real terminal: what it shows is collected, keys can be typed, the window can change its size. */
export class Terminal {
  private shown = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv, rows = 24, columns = 80) {
    this.child = spawn('python3', [SCRIPT, String(rows), String(columns), ...command], {
      env: { ...env, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    });
    this.child.stdin?.on('error', () => {});
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString('latin1');
    });
    this.ended = new Promise(done => this.child.once('close', code => done(code)));
  }

  get screen(): string {
    return this.shown;
  }

  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  resize(rows: number, columns: number): void {
    (this.child.stdio[3] as Writable).write(`${rows} ${columns}\n`);
  }

  /** Waits until the screen has shown `pattern` since the last {@link forget}; fails with the screen when it does not. */
  async shows(pattern: RegExp, patienceMs = 20_000): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!pattern.test(this.shown)) {
      if (Date.now() > deadline)
        throw new Error(`the terminal never showed ${pattern}; it shows:\n${this.shown}`);
      await sleep(10);
    }
  }

  forget(): void {
    this.shown = '';
  }

  /** Ends the terminal whatever runs on it. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
