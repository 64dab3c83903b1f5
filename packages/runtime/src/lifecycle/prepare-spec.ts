import { readdirSync } from 'node:fs';
import type { RuntimeContext } from '../context';
import { etcFilesOf } from '../etc/etc-files';
import { type ContainerLayout, containerLayout } from '../layout';
import type { ContainerRecord } from '../record';
import { accountsOfLayers } from '../rootfs/container-accounts';
import { imageSpecMounts } from '../rootfs/image-mounts';
import { type SeccompResult, seccompFor } from '../seccomp/seccomp';
import { type GeneratedSpec, generateSpec, type JoinedNamespaces } from '../spec/generate';
import { volumeSpecMounts } from '../volumes/mount-volumes';

/** A specification with the compiled system call filter that its document only describes. */
export interface PreparedSpec extends GeneratedSpec {
  readonly seccomp: SeccompResult;
}

/** What stands for the processes of other containers until they are known. */
const UNKNOWN_YET: JoinedNamespaces = {
  network: '/proc/0/ns/net',
  pid: '/proc/0/ns/pid',
  ipc: '/proc/0/ns/ipc',
};

/**
 * Generates a container's specification from its record and its layers as they are now: a user added inside the
 * container since the last start is found.
 *
 * @param making where the container's files are while it is being made; its mounts name the final place
 */
export function prepareSpec(
  context: RuntimeContext,
  record: ContainerRecord,
  making: ContainerLayout,
  joined: JoinedNamespaces = UNKNOWN_YET,
): PreparedSpec {
  const { options } = record;
  const paths = containerLayout(context.layout, record.id);
  const generated = generateSpec(record, {
    paths,
    accounts: accountsOfLayers(context.layout.root, making, options.image.lowerDirs),
    etc: etcFilesOf(context, record, paths),
    volumes: [...volumeSpecMounts(context.layout, record), ...imageSpecMounts(record)],
    joined: {
      ...(options.network.mode === 'container' && joined.network ? { network: joined.network } : {}),
      ...(options.pid?.mode === 'container' && joined.pid ? { pid: joined.pid } : {}),
      ...(options.ipc?.mode === 'container' && joined.ipc ? { ipc: joined.ipc } : {}),
    },
  });
  // docker: a privileged container is unconfined unless a profile is named.
  const choice = options.privileged && options.seccomp === 'default' ? 'unconfined' : options.seccomp;
  const seccomp = seccompFor(choice, generated.capabilities.spec.bounding);
  if (seccomp.spec === undefined) return { ...generated, seccomp };
  const { spec } = generated;
  return { ...generated, seccomp, spec: { ...spec, linux: { ...spec.linux, seccomp: seccomp.spec } } };
}

/** What was prepared for the container that was made last, by whom it was made. */
const kept = new WeakMap<RuntimeContext, { readonly record: string; readonly prepared: PreparedSpec }>();

/** Keeps what was prepared when a container was made, for a start that follows at once. */
export function keepPrepared(context: RuntimeContext, record: ContainerRecord, prepared: PreparedSpec): void {
  const { network, pid, ipc } = record.options;
  const isComplete = ![network, pid, ipc].some(choice => choice?.mode === 'container');
  if (isComplete) kept.set(context, { record: JSON.stringify(record), prepared });
}

/**
 * What {@link keepPrepared} kept, once, if it would still come out the same: the record is as it was, and nothing has been put
 * into the container's own layer.
 */
export function takePrepared(
  context: RuntimeContext,
  record: ContainerRecord,
  { upper }: ContainerLayout,
): PreparedSpec | undefined {
  const last = kept.get(context);
  kept.delete(context);
  if (last?.record !== JSON.stringify(record) || readdirSync(upper).length > 0) return undefined;
  return last.prepared;
}
