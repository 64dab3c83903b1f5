import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasLibrary, hasProgram, UNPACKED } from './engines/surroundings';
import { quietly } from './measure/meter';

/** Programs and the Debian packages that bring them. dockerd comes with its client in that of the running release. */
const WANTED = [
  { program: 'docker', package: 'docker.io' },
  { program: 'podman', package: 'podman' },
  { program: 'netavark', package: 'netavark', at: '/usr/lib/podman/netavark' },
  { program: 'conmon', package: 'conmon' },
  { program: 'runc', package: 'runc' },
  { program: 'crun', package: 'crun' },
  { program: 'skopeo', package: 'skopeo' },
  { program: 'umoci', package: 'umoci' },
  { program: 'iptables', package: 'iptables' },
  { program: 'busybox', package: 'busybox-static' },
  { program: 'mkfs.ext4', package: 'e2fsprogs' },
  { program: 'ip', package: 'iproute2' },
] as const;

/** What tinyd uses where it is there: docs/performance.md. */
const INFLATER = { library: 'libisal.so.2', package: 'libisal2' } as const;

const NEWEST = ['docker.io', 'containerd'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Installs what is missing, and unpacks the engines of Debian unstable aside: they run on older releases unchanged, and
 * nobody's own docker is touched. Fails with what apt says.
 */
export function install(env: NodeJS.ProcessEnv): void {
  const missing: string[] = WANTED.filter(
    each => !hasProgram(each.program, env) && !('at' in each && existsSync(each.at)),
  ).map(each => each.package);
  if (!hasLibrary(INFLATER.library)) missing.push(INFLATER.package);
  const apt = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  if (missing.length > 0) {
    console.error(`installing ${missing.join(', ')}`);
    quietly({ argv: ['apt-get', 'update', '-qq'], env: apt });
    const flags = ['-y', '-qq', '--no-install-recommends'];
    quietly({ argv: ['apt-get', 'install', ...flags, ...missing], env: apt });
  }
  if (!existsSync(join(UNPACKED, 'usr/sbin/dockerd'))) unpackNewest(apt);
}

/** The archive that this system's apt uses: a mirror may be all that it reaches. */
function archive(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue;
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+)/m.exec(readFileSync(file, 'utf8'));
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error('cannot install engines: no archive is named in /etc/apt/sources.list');
}

function unpackNewest(env: NodeJS.ProcessEnv): void {
  console.error(`unpacking ${NEWEST.join(', ')} of Debian unstable to ${UNPACKED}`);
  const work = `${UNPACKED}.apt`;
  rmSync(work, { recursive: true, force: true });
  for (const each of ['lists/partial', 'cache/archives/partial', 'packages'])
    mkdirSync(join(work, each), { recursive: true });
  const list = join(work, 'unstable.list');
  writeFileSync(list, `deb [signed-by=${KEYRING}] ${archive()} sid main\n`);
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    // Its download user may not write to a folder of root's.
    'APT::Sandbox::User': 'root',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  quietly({ argv: ['apt-get', '-qq', ...flags, 'update'], env });
  const script = 'cd "$1" && shift && exec "$@"';
  quietly({
    argv: [
      'sh',
      '-c',
      script,
      'sh',
      join(work, 'packages'),
      'apt-get',
      '-qq',
      ...flags,
      'download',
      ...NEWEST,
    ],
    env,
  });
  const aside = `${UNPACKED}.new`;
  rmSync(aside, { recursive: true, force: true });
  for (const each of readdirSync(join(work, 'packages')))
    quietly({ argv: ['dpkg', '-x', join(work, 'packages', each), aside], env });
  rmSync(UNPACKED, { recursive: true, force: true });
  quietly({ argv: ['mv', aside, UNPACKED], env });
  rmSync(work, { recursive: true, force: true });
}
