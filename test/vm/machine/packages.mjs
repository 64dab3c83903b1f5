// Debian packages as files: resolved and downloaded by apt, unpacked by dpkg, installed nowhere.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../../../scripts/host.mjs';
import { run } from '../../../scripts/run.mjs';

/**
 * Downloads packages and all that they depend on, as for a system that has nothing yet.
 *
 * @param folder where the files go; what an earlier call left there is not downloaded again.
 * @returns the paths of the files.
 */
export function downloadPackages(folder, names) {
  const archives = join(folder, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  const status = join(folder, 'status');
  writeFileSync(status, '');
  const options = [
    `Dir::State::status=${status}`,
    `Dir::Cache::archives=${archives}`,
    'APT::Install-Recommends=false',
    // The user _apt need not be able to enter this folder.
    'APT::Sandbox::User=root',
    // Nothing is installed: another apt may hold the system's lock.
    'Debug::NoLocking=true',
  ].flatMap(option => ['-o', option]);
  const install = () =>
    spawnSync('apt-get', ['-y', '-qq', '--download-only', ...options, 'install', ...names], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  let result = install();
  if (result.status !== 0) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    result = install();
  }
  if (result.status !== 0)
    fail(`cannot download packages for the virtual machine: ${result.stderr.trim().split('\n').at(-1)}`);
  return readdirSync(archives)
    .filter(name => name.endsWith('.deb'))
    .map(name => join(archives, name));
}

/** Unpacks a package's files below `target`, through the links that merge its /usr; none of its scripts runs. */
export function unpackPackage(file, target) {
  const script = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory "$2"';
  run('sh', ['-c', script, 'sh', file, target]);
}

/** `xfsprogs` of `/…/xfsprogs_6.1.0-1_amd64.deb`. */
export function packageName(file) {
  return basename(file).split('_')[0];
}
