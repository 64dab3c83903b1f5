import { TinydError } from '@tinyd/core';
import type { RuntimeContext } from '../context';
import { findId } from '../find';
import type { RunningProcess } from '../lowering/mounts';
import type { CreateOptions } from '../options';
import type { ContainerRecord } from '../record';
import type { JoinedNamespaces } from '../spec/generate';
import { type ContainerView, requireContainer } from '../state/container-state';
import { wrongState } from '../state/status';

/** What a container that is about to start shares with others that run. */
export interface SharedNamespaces {
  readonly joined: Pick<JoinedNamespaces, 'pid' | 'ipc'>;
  /** Whose /dev/shm it mounts. */
  readonly sharedMemoryOf?: RunningProcess;
}

/**
 * Finds the processes whose PID and IPC namespaces a container joins.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE when one does not run, and with ERR_TINYD_OPTION_INVALID when its IPC namespace is
 * not to be shared.
 */
export function sharedNamespaces(
  context: RuntimeContext,
  { options: { pid, ipc } }: ContainerRecord,
): SharedNamespaces {
  const pidOf = pid?.mode === 'container' ? running(context, pid.container, 'processes') : undefined;
  const ipcOf = ipc?.mode === 'container' ? running(context, ipc.container, 'IPC namespace') : undefined;
  if (ipcOf !== undefined) checkShareable(ipcOf.record);
  return {
    joined: {
      ...(pidOf === undefined ? {} : { pid: `/proc/${pidOf.state.pid}/ns/pid` }),
      ...(ipcOf === undefined ? {} : { ipc: `/proc/${ipcOf.state.pid}/ns/ipc` }),
    },
    ...(ipcOf === undefined
      ? {}
      : { sharedMemoryOf: { pid: ipcOf.state.pid, startTicks: BigInt(ipcOf.state.startTicks) } }),
  };
}

/** The same options with the IDs of the containers that they name. Fails with ERR_TINYD_CONTAINER_NOT_FOUND. */
export function resolveShared(
  context: RuntimeContext,
  { pid, ipc }: Pick<CreateOptions, 'pid' | 'ipc'>,
): Pick<CreateOptions, 'pid' | 'ipc'> {
  const idOf = (name: string) => findId(context.layout, name);
  if (ipc?.mode === 'container') checkShareable(requireContainer(context, idOf(ipc.container)).record);
  return {
    ...(pid === undefined
      ? {}
      : { pid: pid.mode === 'container' ? { ...pid, container: idOf(pid.container) } : pid }),
    ...(ipc === undefined
      ? {}
      : { ipc: ipc.mode === 'container' ? { ...ipc, container: idOf(ipc.container) } : ipc }),
  };
}

function running(context: RuntimeContext, id: string, what: string): ContainerView {
  const other = requireContainer(context, id);
  if (other.state.status !== 'running')
    throw wrongState(`join the ${what} of`, other.record.name, other.state.status);
  return other;
}

/** docker's rule: what others may join must have been made for it, or be joined itself. */
function checkShareable({ name, options }: ContainerRecord): void {
  const mode = options.ipc?.mode;
  if (mode === 'shareable' || mode === 'host') return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot join the IPC namespace of container ${name}: it is not shareable`,
    { hint: `create ${name} with --ipc shareable`, details: { container: name } },
  );
}
