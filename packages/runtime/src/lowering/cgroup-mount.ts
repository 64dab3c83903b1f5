import type { CgroupView } from '../cgroup';
import type { MountStep } from '../plan/mount-step';
import type { SpecMount } from '../spec-types';
import { lowerOptions } from './mount-options';

/** What a mount of type `cgroup` means on this host: a cgroup2 mount, or docker's tmpfs with one bind per v1 hierarchy. */
export function lowerCgroupMount(mount: SpecMount, view: CgroupView): MountStep {
  const target = mount.destination;
  if (view.version === 1) {
    return { kind: 'cgroup-v1', target, hierarchies: view.hierarchies, links: view.links };
  }
  const { flags, data } = lowerOptions(mount.options ?? []);
  return { kind: 'filesystem', type: 'cgroup2', source: 'cgroup', target, flags, data };
}
