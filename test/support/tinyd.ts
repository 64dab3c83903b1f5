import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { removeTree } from '@tinyd/native';
import { resetNetwork } from '@tinyd/runtime';

export const REPOSITORY = resolve(__dirname, '../../..');
export const COMMAND = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');

/** How a command ended and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A tinyd with root and state folders of its own, driven through the real command. They are made when they are first
 * needed; after dispose() it has new ones.
 */
export class Tinyd {
  #base: string | undefined;

  /**
   * @param extraEnv what its commands find in their environment; may be changed later
   * @param parent where its folders are made: on another file system, say
   */
  constructor(
    readonly extraEnv: Record<string, string> = {},
    private readonly parent = tmpdir(),
  ) {}

  get base(): string {
    this.#base ??= mkdtempSync(join(this.parent, 'tinyd-test-'));
    return this.#base;
  }

  get root(): string {
    return join(this.base, 'root');
  }

  get state(): string {
    return join(this.base, 'state');
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, TINYD_ROOT: this.root, TINYD_STATE: this.state, ...this.extraEnv };
  }

  /** Starts the command; the caller owns the process. */
  spawn(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn(COMMAND, [...args], { env: this.env, cwd: this.base, ...options });
  }

  /** Runs the command to its end, with `input` as its whole standard input. */
  run(args: readonly string[], input: string | Uint8Array = ''): Promise<Outcome> {
    const child = this.spawn(args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    return outcomeOf(child);
  }

  /** Runs the command and returns its trimmed standard output; fails the test when it fails. */
  async ok(...args: readonly string[]): Promise<string> {
    const outcome = await this.run(args);
    if (outcome.code !== 0) {
      throw new Error(
        `tinyd ${args.join(' ')} ended with ${outcome.code ?? outcome.signal}:\n${outcome.stderr}${outcome.stdout}`,
      );
    }
    return outcome.stdout.trim();
  }

  /** Removes every container, whatever became of it. */
  async removeContainers(): Promise<void> {
    if (this.#base === undefined) return;
    const ids = (await this.run(['ps', '-aq', '--no-trunc'])).stdout.split('\n').filter(Boolean);
    if (ids.length > 0) await this.run(['rm', '-f', ...ids]);
  }

  /** Removes every container and the folders; to be called after the tests, whatever became of them. */
  async dispose(): Promise<void> {
    await this.removeContainers();
    resetNetwork(this.root);
    await removeTree(this.base);
    this.#base = undefined;
  }

  /** Names of the container folders on disk, half-made ones included. */
  containerFolders(): string[] {
    return readdirSync(join(this.root, 'containers'));
  }
}

/** Collects what a child says until it has ended. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) =>
      done({
        code,
        signal,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}
