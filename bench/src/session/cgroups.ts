import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../measure/meter';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'tinyd-bench-';

/** The v1 hierarchies that are mounted below /sys/fs/cgroup: folder and mount options; a hybrid host's v2 too. */
function hierarchies(): { readonly folder: string; readonly type: string; readonly options: string }[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, path = '', type = '']) => type.startsWith('cgroup') && path.startsWith(`${ROOT}/`))
    .map(([, path = '', type = '', options = '']) => ({
      folder: path,
      type,
      options: options
        .split(',')
        .filter(
          option => !/^(rw|ro|nosuid|nodev|noexec|relatime|nsdelegate|memory_recursiveprot)$/.test(option),
        )
        .join(','),
    }));
}

/** Removes what sessions left below a hierarchy's root that were killed. */
function removeStale(folder: string): void {
  for (const name of readdirSync(folder).filter(each => each.startsWith(PREFIX)))
    if (!existsSync(`/proc/${name.slice(PREFIX.length)}`)) removeFolders(join(folder, name));
}

function removeFolders(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeFolders(join(folder, entry.name));
  try {
    rmdirSync(folder);
  } catch {
    // A process of another session is in it.
  }
}

/**
 * Puts this process into cgroups of the session's own, which become the roots that everything inside sees, and returns
 * what undoes it. Only v1 and hybrid hosts: elsewhere engines remove their cgroups themselves.
 */
export function enterOwnCgroups(): () => Promise<void> {
  const entered: { readonly folder: string; readonly own: string }[] = [];
  for (const { folder } of hierarchies()) {
    removeStale(folder);
    const own = join(folder, `${PREFIX}${process.pid}`);
    mkdirSync(own);
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(join(own, file)))
        writeFileSync(join(own, file), readFileSync(join(folder, file), 'utf8').trim());
    }
    writeFileSync(join(own, 'cgroup.procs'), String(process.pid));
    entered.push({ folder, own });
  }
  return async () => {
    for (const { folder } of entered) writeFileSync(join(folder, 'cgroup.procs'), String(process.pid));
    // The last processes of a session that was interrupted take a moment to go.
    for (let attempt = 0; attempt < 30 && entered.some(({ own }) => existsSync(own)); attempt++) {
      for (const { own } of entered) removeFolders(own);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  };
}

/** Inside: a sysfs of the new network namespace, and the hierarchies as seen from the session's own cgroups. */
export function mountOwnCgroups(env: NodeJS.ProcessEnv): void {
  const found = hierarchies();
  const mount = (...args: string[]) => quietly({ argv: ['mount', ...args], env });
  mount('-t', 'sysfs', '-o', 'nosuid,nodev,noexec', 'sysfs', '/sys');
  if (found.length === 0) {
    mount('-t', 'cgroup2', 'cgroup2', ROOT);
    return;
  }
  mount('-t', 'tmpfs', '-o', 'mode=755', 'cgroup', ROOT);
  for (const { folder, type, options } of found) {
    mkdirSync(folder);
    mount('-t', type, ...(options === '' ? [] : ['-o', options]), 'cgroup', folder);
  }
}
