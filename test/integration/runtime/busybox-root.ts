import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTinydError } from '@tinyd/core';
import {
  type ContainerImage,
  type CreateOptions,
  openRuntime,
  type Runtime,
  resetNetwork,
} from '@tinyd/runtime';
import { createOptions } from '../../unit/runtime/create-options';

/** A root folder with one layer made by hand of this machine's static busybox: the runtime without a store. */
export class BusyboxRoot {
  readonly base = mkdtempSync(join(tmpdir(), 'tinyd-runtime-'));
  readonly root = join(this.base, 'root');
  readonly state = join(this.base, 'state');
  readonly layer = join(this.root, 'layers', 'base', 'diff');
  readonly runtime: Runtime;

  constructor() {
    for (const folder of ['bin', 'etc', 'tmp', 'root', 'home/app', 'var']) {
      mkdirSync(join(this.layer, folder), { recursive: true });
    }
    chmodSync(this.base, 0o711);
    chmodSync(join(this.layer, 'tmp'), 0o1777);
    copyFileSync('/bin/busybox', join(this.layer, 'bin/busybox'));
    for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n')) {
      if (applet !== '' && applet !== 'busybox') symlinkSync('busybox', join(this.layer, 'bin', applet));
    }
    writeFileSync(
      join(this.layer, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n',
    );
    writeFileSync(join(this.layer, 'etc/group'), 'root:x:0:root\nwheel:x:10:root,app\napp:x:1000:\n');
    mkdirSync(join(this.root, 'l'));
    symlinkSync('../layers/base/diff', join(this.root, 'l', 'base'));
    this.runtime = openRuntime({ root: this.root, state: this.state });
  }

  /** `tinyd create busybox COMMAND` with what the test changes. */
  options(command: readonly string[], changes: Partial<CreateOptions> = {}): CreateOptions {
    return busyboxOptions(command, changes);
  }

  /** Runs a command to its end in a new container, and returns its exit status and what it wrote. */
  async run(command: readonly string[], changes: Partial<CreateOptions> = {}): Promise<RunResult> {
    const container = await this.runtime.create(this.options(command, changes));
    await container.start();
    const code = await container.wait();
    const result = { code, stdout: '', stderr: '' };
    for await (const entry of container.logs()) result[entry.stream] += entry.text;
    await container.remove();
    return result;
  }

  /** Runs a shell script the same way. */
  shell(script: string, changes: Partial<CreateOptions> = {}): Promise<RunResult> {
    return this.run(['sh', '-c', script], changes);
  }

  /** Removes everything, whatever became of the test. */
  async dispose(): Promise<void> {
    for (const { id } of this.runtime.containers()) await this.#remove(id);
    resetNetwork(this.root);
    rmSync(this.base, { recursive: true });
  }

  /** A container of --rm may be going just now, by its monitor. */
  async #remove(id: string): Promise<void> {
    try {
      await this.runtime.find(id).remove({ force: true });
    } catch (error) {
      if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
    }
  }
}

/** How a container ended. */
export interface RunResult {
  readonly code: number;
  stdout: string;
  stderr: string;
}

const IMAGE: ContainerImage = {
  id: `sha256:${'2'.repeat(64)}`,
  name: 'busybox:made-by-hand',
  config: {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    config: { Cmd: ['sh'] },
  },
  lowerDirs: ['l/base'],
};

/** The same for a process that did not make the root folder. */
export function busyboxOptions(
  command: readonly string[],
  changes: Partial<CreateOptions> = {},
): CreateOptions {
  return createOptions({ image: IMAGE, command, ...changes });
}
