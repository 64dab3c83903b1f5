import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Terminal } from '../support/terminal';
import { type Outcome, outcomeOf, REPOSITORY, Tinyd } from '../support/tinyd';

/** The engine under test: the same words must do the same to both. */
export interface Target {
  readonly name: 'tinyd' | 'docker';
  /** Starts a command; the caller owns the process. */
  spawn(args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs a command on a terminal of its own. */
  terminal(args: readonly string[], rows?: number, columns?: number): Terminal;
  /** Ends the target, with everything that was made by it. */
  dispose(): Promise<void>;
}

/** docker where TINYD_TARGET says so (its own DOCKER_HOST tells which), else tinyd with folders of its own. */
export function openTarget(): Target {
  return process.env.TINYD_TARGET === 'docker' ? new DockerTarget() : new TinydTarget();
}

class TinydTarget implements Target {
  readonly name = 'tinyd';
  readonly #tinyd = new Tinyd();

  spawn(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return this.#tinyd.spawn(args, options);
  }

  terminal(args: readonly string[], rows?: number, columns?: number): Terminal {
    const command = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');
    return new Terminal([command, ...args], this.#tinyd.env, rows, columns);
  }

  dispose(): Promise<void> {
    return this.#tinyd.dispose();
  }
}

class DockerTarget implements Target {
  readonly name = 'docker';

  spawn(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('docker', [...args], options);
  }

  terminal(args: readonly string[], rows?: number, columns?: number): Terminal {
    return new Terminal(['docker', ...args], process.env, rows, columns);
  }

  async dispose(): Promise<void> {}
}

/** Runs a command to its end, with `input` as its whole standard input. */
export function runOn(
  target: Target,
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<Outcome> {
  const child = target.spawn(args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return outcomeOf(child);
}
