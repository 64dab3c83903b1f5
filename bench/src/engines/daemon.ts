import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { meterProgram } from '../measure/meter';
import { processStat, processTree } from '../measure/processes';

const STARTING_MS = 20_000;
const STOPPING_MS = 8_000;

/** Sleeps without running anything else: the benchmark does one thing at a time. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A daemon below a nest: every process that it starts stays below it, whatever detaches itself. */
export class Daemon {
  /** Of the nest: the root of the tree whose CPU time counts. */
  readonly pid: number;

  /** Starts it and waits until `probe` succeeds. Fails with the last line of its log. */
  constructor(argv: readonly string[], env: NodeJS.ProcessEnv, log: string, probe: readonly string[]) {
    const out = openSync(log, 'a');
    const child = spawn(meterProgram(), ['nest', ...argv], {
      env,
      stdio: ['ignore', out, out],
      detached: true,
    });
    closeSync(out);
    child.unref();
    if (child.pid === undefined) throw new Error(`cannot start ${argv[0]}`);
    this.pid = child.pid;
    const [program = '', ...args] = probe;
    const deadline = Date.now() + STARTING_MS;
    while (spawnSync(program, args, { env, stdio: 'ignore', timeout: STARTING_MS }).status !== 0) {
      if (Date.now() < deadline && this.#lives()) {
        pause(50);
        continue;
      }
      this.stop();
      const last = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
      throw new Error(`${argv[0]} does not come up: ${last.slice(0, 200)}`);
    }
  }

  #lives(): boolean {
    const stat = processStat(this.pid);
    return stat !== undefined && stat.state !== 'Z';
  }

  /** Asks it to end; after a while ends all of its tree. */
  stop(): void {
    const deadline = Date.now() + STOPPING_MS;
    signal(this.pid, 'SIGTERM');
    while (this.#lives() && Date.now() < deadline) pause(20);
    for (const { pid } of processTree([this.pid])) signal(pid, 'SIGKILL');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
