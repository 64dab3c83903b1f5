import type { CgroupView } from '../cgroup';
import type { ContainerLayout, RuntimeLayout } from '../layout';
import type { PreparedSpec } from '../lifecycle/prepare-spec';
import type { MountStep } from '../plan/mount-step';
import type { Plan } from '../plan/plan';
import type { SessionPlan } from '../plan/session';
import type { ContainerRecord } from '../record';
import { imageMountSteps } from '../rootfs/image-mounts';
import { layersOf } from '../rootfs/writable-layer';
import { volumeParts } from '../volumes/mount-volumes';
import { lowerCgroupMount } from './cgroup-mount';
import { lowerEvents } from './events';
import { lowerHealth } from './health';
import { lowerMounts, type RunningProcess, SHARED_MEMORY, sharedMemoryStep } from './mounts';
import { lowerNamespaces } from './namespaces';
import { lowerProcess } from './process';
import { lowerRootfs } from './rootfs';

/** What a plan is lowered from. */
export interface ContainerSources {
  readonly record: ContainerRecord;
  readonly paths: ContainerLayout;
  readonly prepared: PreparedSpec;
  readonly session: SessionPlan;
  readonly cgroupView: CgroupView;
  /** `--ipc container:ID`: whose /dev/shm is shared. */
  readonly sharedMemoryOf?: RunningProcess;
}

/** Lowers a container's specification to the plan that the helper executes. */
export function lowerContainer(layout: RuntimeLayout, sources: ContainerSources): Plan {
  const { record, paths, prepared } = sources;
  const { spec, seccomp } = prepared;
  const propagation = spec.linux.rootfsPropagation;
  return {
    session: sources.session,
    target: {
      kind: 'container',
      ...lowerNamespaces(spec.linux.namespaces),
      ...(spec.hostname === undefined ? {} : { hostname: spec.hostname }),
      ...(spec.domainname === undefined ? {} : { domainname: spec.domainname }),
      rootfs: lowerRootfs(layout, paths, layersOf(record)),
      mounts: lowerMounts(
        spec,
        mount => [lowerCgroupMount(mount, sources.cgroupView)],
        volumeParts(layout, record),
        knownSteps(sources),
      ),
      readOnlyRoot: spec.root.readonly ?? false,
      rootPropagation: propagation === 'shared' || propagation === 'slave' ? propagation : 'private',
    },
    process: lowerProcess(spec.process, {
      masks: prepared.capabilities.masks,
      ...(seccomp.filter === undefined ? {} : { seccomp: { filter: seccomp.filter, flags: seccomp.flags } }),
      init: record.options.init,
      newSessionKeyring: true,
    }),
    ...lowerHealth(record, prepared),
    ...lowerEvents(layout, record),
  };
}

function knownSteps({ record, sharedMemoryOf }: ContainerSources): ReadonlyMap<string, MountStep> {
  const images = imageMountSteps(record);
  return sharedMemoryOf === undefined
    ? images
    : new Map([...images, [SHARED_MEMORY, sharedMemoryStep(sharedMemoryOf)]]);
}
