import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { removeTree } from '@tinyd/native';
import { COMMAND, Tinyd } from '../../support/tinyd';

/** A tinyd whose commands run in the network namespace of another process, as on a host of its own. */
export class NamespacedTinyd extends Tinyd {
  /** @param pid of a process in the namespace; undefined: that of the tests, where registries are */
  pid: number | undefined;

  override spawn(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    if (this.pid === undefined) return super.spawn(args, options);
    const enter = ['-t', String(this.pid), '-n', COMMAND, ...args];
    return spawn('nsenter', enter, { env: this.env, cwd: this.base, ...options });
  }

  /** Its networks go with the namespace. */
  override async dispose(): Promise<void> {
    await this.removeContainers();
    await removeTree(this.base);
  }
}
