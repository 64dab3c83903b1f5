import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerLike, inspectedTree } from './docker-like';
import type { Engine } from './engine';
import { cleanEnvironment, hasProgram, versionOf } from './surroundings';

/** Limits that a host without CAP_SYS_RESOURCE can give; files for logs and events, since there is no journal. */
const CONTAINERS = `[containers]
default_ulimits=["nofile=1024:1024","nproc=1000:1000"]
log_driver="k8s-file"
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
`;

let serial = 0;

/** podman with conmon, with a store and settings of its own. */
export function findPodman(): Engine | undefined {
  const env = cleanEnvironment();
  if (!hasProgram('podman', env)) return undefined;
  const version = versionOf(['podman', '--version'], env);
  if (version === undefined) return undefined;
  return {
    name: 'podman',
    version,
    open: folder => {
      const settings = join(folder, 'containers.conf');
      // crun refuses cgroup v1 beside v2.
      const runtime = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '' : 'runtime="runc"\n';
      writeFileSync(settings, CONTAINERS + runtime);
      const own = { ...env, CONTAINERS_CONF: settings };
      // podman wants a short name for it.
      const run = `/run/tinyd-bench-podman-${++serial}`;
      const base = ['podman', '--root', join(folder, 'podman'), '--runroot', run, '--tmpdir', `${run}-tmp`];
      return {
        pull: image => ({ argv: [...base, 'pull', '-q', '--tls-verify=false', image], env: own, settle: 5 }),
        tree: image => inspectedTree({ base, env: own }, ['image', 'inspect', image], folder),
        containers: dockerLike({
          base,
          env: own,
          daemons: [],
          monitor: /^conmon/,
          bridge: 'podman',
          removeFlags: ['-t', '0'],
        }),
        close: () => {},
      };
    },
  };
}
