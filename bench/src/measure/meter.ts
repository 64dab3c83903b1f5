import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DaemonUsage } from './daemon-usage';

/** A command line and the environment that it runs in. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Commands before it that enter namespaces for it; not measured. */
  readonly within?: readonly string[];
  /** Process IDs of daemons that work for it: their CPU time and memory count. */
  readonly daemons?: readonly number[];
  /** Descriptors from 3 on, given to the command. */
  readonly descriptors?: readonly number[];
  /** Seconds to wait for what the command leaves behind; its CPU time counts then. Default: 0. */
  readonly settle?: number;
}

/** What one command cost. */
export interface Cost {
  /** Seconds until the command ended. */
  readonly wall: number;
  /** Seconds until everything that it had started had ended. */
  readonly settled: number;
  /** Seconds of user and system time of the command, all below it, and the daemons that worked for it. */
  readonly cpu: number;
  /** Bytes: the largest process of the command. */
  readonly peak: number;
  /** Bytes by which the daemons' resident sets grew at most; 0 without daemons. */
  readonly daemonGrowth: number;
}

/** A command that failed, in one line. */
export class CommandFailed extends Error {}

const TIMEOUT_MS = 180_000;
const SOURCE = join(__dirname, '../../native/meter.c');
const PROGRAM = join(__dirname, '../../.cache/meter');

/** Compiles native/meter.c unless that was done, and returns the program's path. */
export function meterProgram(): string {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return PROGRAM;
  mkdirSync(dirname(PROGRAM), { recursive: true });
  const temporary = `${PROGRAM}.${process.pid}`;
  const result = spawnSync('gcc', ['-O2', '-o', temporary, SOURCE], { encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`cannot compile ${SOURCE}: ${result.error?.message ?? result.stderr.trim()}`);
  renameSync(temporary, PROGRAM);
  return PROGRAM;
}

/** Runs commands below the meter; its files lie in a folder of the caller's. */
export class Meter {
  readonly #program = meterProgram();
  readonly #result: string;
  readonly #errors: string;

  constructor(folder: string) {
    this.#result = join(folder, 'meter-result');
    this.#errors = join(folder, 'meter-errors');
  }

  /** Runs a command to its end. Fails with {@link CommandFailed} when the command does. */
  run(command: Command): Cost {
    const daemons = new DaemonUsage(command.daemons ?? []);
    // A file and no pipe: a monitor that inherits it would keep a pipe open for as long as its container runs.
    const errors = openSync(this.#errors, 'w');
    const [program = '', ...args] = [
      ...(command.within ?? []),
      this.#program,
      'run',
      this.#result,
      ...command.argv,
    ];
    const result = spawnSync(program, args, {
      env: { ...command.env, METER_PATIENCE: String(command.settle ?? 0) },
      stdio: ['ignore', 'ignore', errors, ...(command.descriptors ?? [])],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    closeSync(errors);
    if (result.error || result.status !== 0) throw this.#failure(command, result.error?.message ?? '');
    const [status, wall = 0, settled = 0, user = 0, system = 0, peak = 0] = readFileSync(this.#result, 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    if (status !== 0) throw this.#failure(command, `status ${status}`);
    const { cpu, growth } = daemons.since();
    return { wall, settled, cpu: user + system + cpu, peak: peak * 1024, daemonGrowth: growth };
  }

  #failure({ argv }: Command, why: string): CommandFailed {
    const said = readFileSync(this.#errors, 'utf8').trim().split('\n').at(-1) ?? '';
    return new CommandFailed(`${argv.slice(0, 6).join(' ')}: ${[why, said].filter(Boolean).join(': ')}`);
  }
}

/** Runs a command whose cost does not matter and returns what it printed. Fails with {@link CommandFailed}. */
export function quietly(
  { argv, env, within = [] }: Command,
  input?: string,
  timeout: number = TIMEOUT_MS,
): string {
  const [program = '', ...args] = [...within, ...argv];
  const result = spawnSync(program, args, {
    env,
    input: input ?? '',
    encoding: 'utf8',
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 28,
  });
  if (result.status === 0) return result.stdout;
  const why = result.error?.message ?? result.stderr.trim().split('\n').at(-1);
  throw new CommandFailed(`${argv.slice(0, 6).join(' ')}: ${why}`);
}
