// What the two commands need of the host: checked once, said in one line, installed where that is possible.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const MINIMUM_NODE = [20, 19];

export function fail(message) {
  console.error(`tinyd: ${message}`);
  process.exit(1);
}

/** True when a program of that name is on the PATH or in the usual folders of root. */
export function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some(folder => folder !== '' && existsSync(join(folder, name)));
}

/** Ends with one line when this host can never run tinyd, or when this user cannot. */
export function requireHost(purpose) {
  if (process.platform !== 'linux')
    fail(`needs Linux: namespaces, cgroups and overlayfs are its kernel's (this is ${process.platform})`);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    fail(`needs Node ${MINIMUM_NODE.join('.')} or newer (this is ${process.versions.node})`);
  }
  if (process.getuid?.() !== 0) {
    fail(
      `${purpose} needs root: mounting root file systems and making namespaces, cgroups and bridges is reserved to it; try: sudo npm run ${process.env.npm_lifecycle_event ?? 'start'}`,
    );
  }
}

/** Installs the Debian packages whose program is missing; without apt it names them and ends. */
export function requirePrograms(wanted) {
  const missing = wanted.filter(({ program }) => !hasProgram(program)).map(({ package: name }) => name);
  if (missing.length === 0) return;
  if (!hasProgram('apt-get'))
    fail(`needs ${missing.join(', ')}: install them with this system's package manager and try again`);
  console.error(`installing ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = args =>
    spawnSync('apt-get', args, { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  apt(['update', '-qq']);
  const result = apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  if (result.status !== 0)
    fail(`cannot install ${missing.join(', ')}: ${(result.stderr ?? '').trim().split('\n').at(-1)}`);
}
