import { closeSync, existsSync, openSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { memoryFile, receiveDescriptor, socketPair, spawnHelper } from '@tinyd/native';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { startError } from '../helper/start-error';
import { repairContainer } from '../lifecycle/repair';
import { lowerRootfs } from '../lowering/rootfs';
import { decodeReport } from '../plan/report';
import { layersOf } from '../rootfs/writable-layer';
import { type ContainerView, requireContainer } from '../state/container-state';
import { STATUS_RULES } from '../state/status';
import { volumeFolder } from '../volumes/mount-volumes';

/** How the helper is told to answer the request on descriptor 3. */
const VIEW_ARGUMENTS = ['tinyd-init', 'view'];

/** What of a container's files is meant: all that its processes see, or its root alone, without what is mounted on it. */
export type ViewScope = 'mounts' | 'root';

/**
 * Runs `action` with a descriptor of a container's root folder, as it is now.
 *
 * Of a running container it is a copy of the mounts that its processes have. One that does not run is mounted for the
 * while, out of everybody's sight, and meanwhile is neither removed nor started, by its restart policy either. No path of
 * the container is ever resolved on the host, nothing of it is executed, and nothing is left however this process ends.
 *
 * Fails with ERR_TINYD_CONTAINER_NOT_FOUND, ERR_TINYD_START_FAILED or ERR_TINYD_MOUNT_INVALID.
 */
export async function withFiles<T>(
  context: RuntimeContext,
  id: string,
  scope: ViewScope,
  action: (root: number) => Promise<T>,
): Promise<T> {
  const view = requireContainer(context, id);
  const running = STATUS_RULES[view.state.status].hasProcess ? openRunning(view, scope) : undefined;
  if (running !== undefined) return closing(running, action);
  return withContainerLock(view.paths, async () => {
    const settled = await repairContainer(context, requireContainer(context, id));
    // Started between the two looks: nobody can remove it, and its end takes nothing from us.
    const started = STATUS_RULES[settled.state.status].hasProcess ? openRunning(settled, scope) : undefined;
    return closing(started ?? openStopped(context, settled, scope), action);
  });
}

async function closing<T>(root: number, action: (root: number) => Promise<T>): Promise<T> {
  try {
    return await action(root);
  } finally {
    closeSync(root);
  }
}

/** Undefined when its process has ended meanwhile. */
function openRunning({ record, state }: ContainerView, scope: ViewScope): number | undefined {
  const answer = ask(['running', scope, String(state.pid), state.startTicks]);
  if (answer.fd !== -1) return answer.fd;
  const report = decodeReport(answer.message);
  if (report.stage === 'join') return undefined;
  throw startError(report, 'open the files of', record.name, '');
}

function openStopped({ layout }: RuntimeContext, { record, paths }: ContainerView, scope: ViewScope): number {
  const { options, volumes = [] } = record;
  const { workingDir, overlayOptions, target } = lowerRootfs(layout, paths, layersOf(record));
  const mounts = [
    ...options.binds.map(({ source, target, readOnly, submounts }) => ({
      ...{ source, target, readOnly, subpath: '' },
      hidesBelow: submounts === 'hidden',
      writableBelow: submounts === 'writable',
    })),
    ...volumes.map(volume => ({
      source: volumeFolder(layout, volume),
      target: volume.target,
      readOnly: volume.readOnly || volume.folder?.readOnly === true,
      subpath: volume.subpath ?? '',
      hidesBelow: volume.folder?.recursive === false,
      writableBelow: false,
    })),
  ];
  // A mount whose source is missing has nothing to show; the next start makes or refuses it.
  const shown = scope === 'root' ? [] : mounts.filter(mount => existsSync(mount.source));
  const outermostFirst = shown.sort((a, b) => a.target.length - b.target.length);
  const answer = ask([
    'stopped',
    scope,
    workingDir,
    overlayOptions,
    target,
    access(options.readOnlyRoot),
    ...outermostFirst.flatMap(bind => [
      access(bind.readOnly),
      bind.hidesBelow ? 'hidden' : bind.writableBelow ? 'writable' : 'same',
      ...[bind.source, bind.subpath, bind.target],
    ]),
  ]);
  if (answer.fd !== -1) return answer.fd;
  throw startError(decodeReport(answer.message), 'open the files of', record.name, '');
}

function access(readOnly: boolean): string {
  return readOnly ? 'ro' : 'rw';
}

/** Starts the helper with a request; its answer is a descriptor, or the report of a failure. */
function ask(request: readonly string[]): { readonly fd: number; readonly message: Buffer } {
  const open: number[] = [];
  const owned = (fd: number) => {
    open.push(fd);
    return fd;
  };
  try {
    const nothing = owned(openSync('/dev/null', 'r+'));
    const text = Buffer.from(request.map(word => `${word}\0`).join(''));
    const requestFd = owned(memoryFile('request', text));
    const [ours, theirs] = socketPair();
    owned(ours);
    spawnHelper({ argv: VIEW_ARGUMENTS, env: [], fds: [nothing, nothing, nothing, requestFd, theirs] });
    closeSync(theirs);
    return receiveDescriptor(ours);
  } catch (error) {
    throw new TinydError(
      'ERR_TINYD_SYSTEM',
      `cannot open the files of a container: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  } finally {
    for (const fd of open) closeSync(fd);
  }
}
