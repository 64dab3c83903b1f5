import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { run } from '../../../scripts/run.mjs';

const CPUS = 2;
const MEGABYTES = 2048;
/** How long the machine may say nothing: more than any test's own limit. */
const PATIENCE_MS = 5 * 60_000;
/** nvme is part of the stock kernel, so that it needs no initial RAM disk; the clock is the host's own. */
const KERNEL_WORDS =
  'root=/dev/nvme0n1 rw quiet console=ttyS0 panic=-1 net.ifnames=0 mitigations=off tsc=reliable systemd.show_status=false';

/** All but the first forget what is written to them when the machine is switched off. */
function disks(root, { ext4, xfs }, repository) {
  const forgetful = Object.entries({ repository, ext4, xfs }).flatMap(([name, file]) => [
    ...['-drive', `file=${file},if=none,id=${name},format=raw,cache=unsafe,snapshot=on`],
    ...['-device', `virtio-blk-pci,drive=${name},serial=${name}`],
  ]);
  const first = ['-drive', `file=${root},if=none,id=root,format=raw,cache=unsafe`];
  return [...first, '-device', 'nvme,drive=root,serial=root', ...forgetful];
}

/**
 * Runs the machine to its end, over the restart that the guest may ask for, and prints what its tests say.
 *
 * @param console where the kernel's and systemd's messages go; its end is shown when the tests do not come to theirs.
 * @returns the tests' exit status.
 */
export async function runMachine(guest, { repository, accelerator, console: consoleFile }) {
  const root = `${repository}.root`;
  run('cp', ['--sparse=always', '--reflink=auto', guest.root, root]);
  try {
    const words = [
      // A restart ends qemu: what its own leaves behind in the emulated processors can hang the next kernel.
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-no-reboot'],
      ...accelerator.words,
      ...['-smp', String(CPUS), '-m', String(MEGABYTES)],
      ...['-kernel', guest.kernel, '-append', KERNEL_WORDS],
      ...disks(root, guest, repository),
      ...['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=results,signal=off'],
      ...['-device', 'virtserialport,chardev=results,name=results'],
      ...['-chardev', `file,id=console,path=${consoleFile}`, '-serial', 'chardev:console'],
      ...['-device', 'virtio-rng-pci'],
    ];
    let end = await boot(words);
    if (end === 'restarts') end = await boot(words);
    if (/^\d+$/.test(end)) return Number(end);
    console.error(
      `the tests did not come to their end; the machine's last words:\n${lastWords(consoleFile)}`,
    );
    return 1;
  } finally {
    rmSync(root);
  }
}

/** One run of qemu. Returns what the guest said of its end: an exit status, `restarts`, or nothing. */
async function boot(words) {
  // Its standard input stays open: at the end of it the port of the results would be closed as well.
  const child = spawn('qemu-system-x86_64', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let said = '';
  child.stdout.on('data', chunk => {
    timer.refresh();
    process.stdout.write(chunk);
    said = (said + chunk).slice(-4096);
  });
  await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  clearTimeout(timer);
  return /^guest: (?:tests ended with )?(\w+)$/m.exec(said)?.[1] ?? '';
}

function lastWords(file) {
  return readFileSync(file, 'utf8').split(/\r?\n/).slice(-30).join('\n');
}
