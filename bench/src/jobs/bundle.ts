import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, quietly } from '../measure/meter';
import type { OpenEngine, Session } from '../session/session';

/** The parts of an OCI runtime specification that are changed here. */
interface Spec {
  ociVersion: string;
  root: { path: string; readonly?: boolean };
  mounts: { readonly type?: string; readonly destination: string }[];
  linux: { seccomp?: unknown; resources?: unknown; cgroupsPath?: string };
  hooks?: unknown;
}

let serial = 0;

/**
 * An OCI bundle of `true` in the small image, with the specification that tinyd made for the same command. Its root is the
 * image's layer itself: a low-level runtime is spared the overlay that the others mount.
 */
export function bundleOf(
  session: Session,
  engines: readonly OpenEngine[],
  { seccomp }: { readonly seccomp: boolean },
): string {
  const tinyd = engines.find(({ name }) => name === 'tinyd');
  const name = `bundle-${++serial}`;
  const image = session.image('small');
  const command = tinyd?.containers.start(name, { image, network: 'none', argv: ['true'] });
  if (tinyd === undefined || command === undefined)
    throw new Error('a bundle is made by tinyd, which is not there');
  // Kept: its hosts and resolv.conf are mounted by the bundle too.
  const id = quietly(command).trim();
  const containers = join(command.env.TINYD_ROOT ?? '', 'containers');
  const folder = readdirSync(containers).find(each => each.startsWith(id)) ?? id;
  const spec = JSON.parse(readFileSync(join(containers, folder, 'config.json'), 'utf8')) as Spec;
  // The older runtimes know no later version, and take no link for a root.
  spec.ociVersion = '1.0.2';
  spec.root = { path: realpathSync(tinyd.store.tree(image).path) };
  // Limits and devices ask for cgroups that a runtime without a manager of its own cannot set up on every host.
  delete spec.linux.resources;
  delete spec.linux.cgroupsPath;
  delete spec.hooks;
  if (!seccomp) delete spec.linux.seccomp;
  spec.mounts = spec.mounts.filter(({ type }) => type !== 'cgroup');
  const bundle = join(session.folder, name);
  mkdirSync(bundle);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  return bundle;
}

/** crun 1.8 refuses a cgroup v2 mount beside v1: it gets a mount namespace without it. Entering that is not measured. */
const WITHOUT_UNIFIED = ['unshare', '-m', 'sh', '-c', 'umount /sys/fs/cgroup/unified && exec "$@"', 'sh'];

export function runBundle({ env }: Session, runtime: string, bundle: string): Command {
  return {
    argv: [runtime, 'run', '--bundle', bundle, `bundle-${++serial}`],
    env,
    ...(existsSync('/sys/fs/cgroup/unified') ? { within: WITHOUT_UNIFIED } : {}),
  };
}
