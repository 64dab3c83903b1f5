import type { RuntimeContext } from '../context';
import { etcFilesOf } from '../etc/etc-files';
import { type ContainerLayout, containerLayout } from '../layout';
import type { ContainerRecord } from '../record';
import { accountsOfLayers } from '../rootfs/container-accounts';
import { type SeccompResult, seccompFor } from '../seccomp/seccomp';
import { type GeneratedSpec, generateSpec } from '../spec/generate';
import { volumeSpecMounts } from '../volumes/mount-volumes';

/** A specification with the compiled system call filter that its document only describes. */
export interface PreparedSpec extends GeneratedSpec {
  readonly seccomp: SeccompResult;
}

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
  joinedNetwork = '/proc/0/ns/net',
): PreparedSpec {
  const { options } = record;
  const paths = containerLayout(context.layout, record.id);
  const generated = generateSpec(record, {
    paths,
    accounts: accountsOfLayers(context.layout.root, making, options.image.lowerDirs),
    etc: etcFilesOf(context, record, paths),
    volumes: volumeSpecMounts(context.layout, record),
    ...(options.network.mode === 'container' ? { joinedNetwork } : {}),
  });
  // docker: a privileged container is unconfined unless a profile is named.
  const choice = options.privileged && options.seccomp === 'default' ? 'unconfined' : options.seccomp;
  const seccomp = seccompFor(choice, generated.capabilities.spec.bounding);
  if (seccomp.spec === undefined) return { ...generated, seccomp };
  const { spec } = generated;
  return { ...generated, seccomp, spec: { ...spec, linux: { ...spec.linux, seccomp: seccomp.spec } } };
}
