// npm run test:vm: boots Debian's stock kernel with systemd and cgroup v2 alone, and runs the tests of test/vm in it.
// Words go to mocha, and hold no blanks: npm run test:vm -- --fgrep memory; `second-boot` alone leaves out the first boot's.
import { mkdirSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { chooseAccelerator } from '../test/vm/machine/accelerator.mjs';
import { runMachine } from '../test/vm/machine/qemu.mjs';
import { makeRepositoryImage } from '../test/vm/machine/repository-image.mjs';
import { makeGuest } from '../test/vm/machine/root-image.mjs';
import { root } from './build.mjs';
import { fail, hasProgram, requireHost, requirePrograms } from './host.mjs';
import { setUp } from './setup.mjs';

const PROGRAMS = [
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { program: 'mke2fs', package: 'e2fsprogs' },
];

requireHost('the virtual machine');
if (arch() !== 'x64') fail(`the virtual machine is made for x86-64 (this is ${arch()})`);
if (!hasProgram('apt-get')) fail('needs apt-get: the virtual machine is made of Debian packages');
requirePrograms(PROGRAMS);
setUp();
const cache = join(root, '.cache', 'vm');
mkdirSync(cache, { recursive: true });
const timed = (name, action) => {
  const started = Date.now();
  const result = action();
  console.error(`${name.padEnd(24)} ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
};
const guest = timed('guest system', () => makeGuest(cache));
const repository = join(cache, 'repository.ext4');
timed('repository', () => makeRepositoryImage(root, repository, process.argv.slice(2)));
const accelerator = await chooseAccelerator(cache, guest.kernel);
const started = Date.now();
process.exitCode = await runMachine(guest, { repository, accelerator, console: join(cache, 'console.log') });
console.error(
  `${`machine (${accelerator.name})`.padEnd(24)} ${((Date.now() - started) / 1000).toFixed(1)} s`,
);
