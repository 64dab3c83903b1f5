import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const CPUS = 2;
const MEGABYTES = 2048;
/** Ten times what the tests take on an idle machine. */
const PATIENCE_MS = 20 * 60_000;
/** nvme is part of the stock kernel, so that it needs no initial RAM disk; the clock is the host's own. */
const KERNEL_WORDS =
  'root=/dev/nvme0n1 rw quiet console=ttyS0 panic=-1 net.ifnames=0 mitigations=off tsc=reliable systemd.show_status=false';

/** Disks of which every write is forgotten with the machine. */
function disks({ root, ext4, xfs }, repository) {
  const devices = {
    root: [root, 'nvme'],
    repository: [repository, 'virtio-blk-pci'],
    ext4: [ext4, 'virtio-blk-pci'],
    xfs: [xfs, 'virtio-blk-pci'],
  };
  return Object.entries(devices).flatMap(([name, [file, device]]) => [
    ...['-drive', `file=${file},if=none,id=${name},format=raw,snapshot=on,cache=unsafe`],
    ...['-device', `${device},drive=${name},serial=${name}`],
  ]);
}

/**
 * Runs the machine to its end, and prints what its tests say.
 *
 * @param console where the kernel's and systemd's messages go; its end is shown when the tests do not come to theirs.
 * @returns the tests' exit status.
 */
export async function runMachine(guest, { repository, accelerator, console: consoleFile }) {
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-no-reboot'],
      ...accelerator.words,
      ...['-smp', String(CPUS), '-m', String(MEGABYTES)],
      ...['-kernel', guest.kernel, '-append', KERNEL_WORDS],
      ...disks(guest, repository),
      ...['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=results,signal=off'],
      ...['-device', 'virtserialport,chardev=results,name=results'],
      ...['-chardev', `file,id=console,path=${consoleFile}`, '-serial', 'chardev:console'],
      ...['-device', 'virtio-rng-pci'],
    ],
    // Its standard input stays open: at the end of it the port of the results would be closed as well.
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let said = '';
  child.stdout.on('data', chunk => {
    process.stdout.write(chunk);
    said = (said + chunk).slice(-4096);
  });
  await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  clearTimeout(timer);
  const [, how, status] = /^guest: tests ended with (\w+) (\w+)$/m.exec(said) ?? [];
  if (how === 'exited') return Number(status);
  console.error(`the tests did not come to their end; the machine's last words:\n${lastWords(consoleFile)}`);
  return 1;
}

function lastWords(file) {
  return readFileSync(file, 'utf8').split(/\r?\n/).slice(-30).join('\n');
}
