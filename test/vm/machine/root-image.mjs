// The guest: Debian's stock cloud kernel, systemd and a few tools, as one ext4 image that is made once and kept.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../../scripts/run.mjs';
import { copyNode } from './node-program.mjs';
import { downloadPackages, packageName, unpackPackage } from './packages.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const guestFiles = join(here, '..', 'guest');

const PACKAGES = [
  'linux-image-cloud-amd64',
  // Or apt chooses a package that merges /usr by perl.
  'usr-is-merged',
  ...[
    'base-files',
    'base-passwd',
    'libc-bin',
    'dash',
    'systemd',
    'systemd-sysv',
    'udev',
    'dbus',
    'kmod',
    'bash',
    'busybox-static',
  ],
  ...['coreutils', 'util-linux', 'mount', 'procps', 'grep', 'sed', 'findutils'],
  ...['python3', 'iproute2', 'nftables', 'iptables', 'e2fsprogs', 'xfsprogs'],
];
/** Depended upon by scripts that the guest does not run. */
const LEFT_OUT = /^(lib)?(perl|icu|debconf|db5|krb5|gssapi|k5crypto|initramfs|klibc)|^apt|^dracut/;
const NEEDLESS_FOLDERS = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info', 'boot'];
/** What a guest without a keyboard, a log and a second boot does not need, and an emulated processor would wait for. */
const MASKED = [
  ...['getty.target', 'systemd-update-utmp.service', 'systemd-pstore.service', 'systemd-hwdb-update.service'],
  ...['ldconfig.service', 'systemd-journal-catalog-update.service', 'systemd-update-done.service'],
  ...['e2scrub_reap.service', 'e2scrub_all.timer', 'fstrim.timer', 'dpkg-db-backup.timer', 'apt-daily.timer'],
];
/** Files of `guest/`. */
const INSTALLED = [
  { name: 'fstab', folder: 'etc' },
  { name: 'tinyd-tests.service', folder: 'etc/systemd/system' },
];
const MEGABYTE = 1024 * 1024;

/**
 * Makes the images of the guest, or finds them made. They hold what the packages, the files in `guest/` and node are:
 * when one of these changes, they are made anew.
 *
 * @returns paths: the kernel, and images of the root and of two empty file systems with project quotas.
 */
export function makeGuest(cache) {
  const folder = join(cache, `guest-${guestKey()}`);
  const guest = {
    kernel: join(folder, 'vmlinuz'),
    root: join(folder, 'root.ext4'),
    ext4: join(folder, 'quota.ext4'),
    xfs: join(folder, 'quota.xfs'),
  };
  if (existsSync(folder)) return guest;
  for (const name of existsSync(cache) ? readdirSync(cache) : [])
    if (name.startsWith('guest-')) rmSync(join(cache, name), { recursive: true });
  const temporary = join(cache, `guest-.tmp-${process.pid}`);
  const tree = join(temporary, 'tree');
  makeTree(tree, downloadPackages(join(cache, 'packages'), PACKAGES));
  const [kernel] = readdirSync(join(tree, 'boot')).filter(name => name.startsWith('vmlinuz-'));
  renameSync(join(tree, 'boot', kernel), join(temporary, 'vmlinuz'));
  run('chroot', [tree, 'depmod', kernel.slice('vmlinuz-'.length)]);
  for (const name of NEEDLESS_FOLDERS) rmSync(join(tree, name), { recursive: true, force: true });
  makeQuotaDisks(tree, temporary);
  const image = join(temporary, 'root.ext4');
  run('truncate', ['--size', String(1024 * MEGABYTE), image]);
  run('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', tree, image]);
  rmSync(tree, { recursive: true });
  renameSync(temporary, folder);
  return guest;
}

function guestKey() {
  const hash = createHash('sha256').update(process.version);
  const sources = ['root-image', 'node-program', 'packages'].map(name => join(here, `${name}.mjs`));
  for (const path of [...sources, ...INSTALLED.map(({ name }) => join(guestFiles, name))])
    hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

function makeTree(tree, packages) {
  // A merged /usr, which packages fill through these links.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(tree, 'usr', name), { recursive: true });
    symlinkSync(join('usr', name), join(tree, name));
  }
  for (const file of packages) if (!LEFT_OUT.test(packageName(file))) unpackPackage(file, tree);
  for (const name of ['proc', 'sys', 'dev', 'run', 'repository', 'quota-ext4', 'quota-xfs'])
    mkdirSync(join(tree, name), { recursive: true });
  // What the packages' scripts would have done.
  const defaults = join(tree, 'usr/share/base-passwd');
  cpSync(join(defaults, 'passwd.master'), join(tree, 'etc/passwd'));
  cpSync(join(defaults, 'group.master'), join(tree, 'etc/group'));
  for (const name of ['iptables', 'ip6tables'])
    for (const suffix of ['', '-save', '-restore'])
      symlinkSync('xtables-nft-multi', join(tree, 'usr/sbin', `${name}${suffix}`));
  copyNode(tree);
  installUnits(tree);
}

function installUnits(tree) {
  const units = join(tree, 'etc/systemd/system');
  for (const { name, folder } of INSTALLED) cpSync(join(guestFiles, name), join(tree, folder, name));
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
  symlinkSync('../tinyd-tests.service', join(units, 'multi-user.target.wants/tinyd-tests.service'));
  for (const name of MASKED) symlinkSync('/dev/null', join(units, name));
  run('chroot', [tree, 'systemd-sysusers'], { quiet: true });
  writeFileSync(join(tree, 'etc/machine-id'), `${'7'.repeat(32)}\n`);
  writeFileSync(join(tree, 'etc/hostname'), 'guest\n');
  writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost guest\n');
}

/** Empty file systems with project quotas, made by the guest's own tools. */
function makeQuotaDisks(tree, folder) {
  const disk = (name, command) => {
    const path = join(tree, name);
    run('truncate', ['--size', String(512 * MEGABYTE), path]);
    run('chroot', [tree, ...command, `/${name}`], { quiet: true });
    renameSync(path, join(folder, name));
  };
  disk('quota.ext4', ['mkfs.ext4', '-q', '-O', 'quota,project', '-E', 'quotatype=prjquota']);
  disk('quota.xfs', ['mkfs.xfs', '-q']);
}
