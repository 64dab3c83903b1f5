// Whether the processor can run the guest by itself, or has to be emulated.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

const KVM = { name: 'kvm', words: ['-accel', 'kvm', '-cpu', 'host'] };
const EMULATION = { name: 'emulated', words: ['-accel', 'tcg,thread=multi', '-cpu', 'max'] };
/** A kernel that boots has said so long before. */
const PATIENCE_MS = 4000;

/** Chooses KVM where a stock kernel boots under it; on a machine that is virtual itself it may hang or be refused. */
export async function chooseAccelerator(cache, kernel) {
  const verdict = join(cache, `accelerator-${release()}`);
  if (!existsSync(verdict)) writeFileSync(verdict, (await bootsUnderKvm(kernel)) ? KVM.name : EMULATION.name);
  return readFileSync(verdict, 'utf8') === KVM.name ? KVM : EMULATION;
}

async function bootsUnderKvm(kernel) {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  const machine = ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'];
  const boot = ['-m', '512', '-kernel', kernel, '-append', 'console=ttyS0 panic=-1'];
  const child = spawn('qemu-system-x86_64', [...machine, ...KVM.words, ...boot], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let said = '';
  child.stdout.on('data', chunk => {
    said += chunk;
    if (said.includes('Linux version')) child.kill('SIGKILL');
  });
  await new Promise(done => child.once('close', done));
  clearTimeout(timer);
  return said.includes('Linux version');
}
