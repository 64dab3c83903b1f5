import { TinydError } from '@tinyd/core';
import type { IpcChoice, NetworkChoice } from '../options';

/** Sysctls of the IPC namespace; `fs.mqueue.*` besides. */
const IPC_SYSCTLS = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/**
 * The sysctls of a container: docker's two defaults for a network namespace of its own, then the user's.
 *
 * Only names whose value belongs to a namespace of the container pass; anything else would change the host
 * (CVE-2022-0811). Fails with ERR_TINYD_OPTION_INVALID.
 */
export function specSysctls(
  user: Readonly<Record<string, string>>,
  network: NetworkChoice['mode'],
  ipc: IpcChoice['mode'] = 'private',
): Record<string, string> {
  const ownNetwork = network === 'bridge' || network === 'none' || network === 'user';
  const sysctls: Record<string, string> = ownNetwork
    ? { 'net.ipv4.ping_group_range': '0 2147483647', 'net.ipv4.ip_unprivileged_port_start': '0' }
    : {};
  for (const [name, value] of Object.entries(user)) {
    const normal = name.replaceAll('/', '.');
    if (!/^[a-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/.test(normal)) throw refused(name, 'not the name of a sysctl');
    if (/[\0\n]/.test(value)) throw refused(name, 'its value has a line break');
    const namespaced = IPC_SYSCTLS.has(normal) || normal.startsWith('fs.mqueue.');
    if (namespaced && (ipc === 'host' || ipc === 'container'))
      throw refused(name, 'the container shares its IPC namespace');
    if (normal.startsWith('net.') && !ownNetwork)
      throw refused(name, 'the container shares its network namespace');
    if (!namespaced && !normal.startsWith('net.')) throw refused(name, 'it belongs to the whole host');
    sysctls[normal] = value;
  }
  return sysctls;
}

/** File of a sysctl below /proc/sys. */
export function sysctlPath(name: string): string {
  return name.replaceAll('.', '/');
}

function refused(name: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot set sysctl ${JSON.stringify(name)}: ${why}`, {
    hint: 'allowed: net.* with a network of its own, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm*',
    details: { sysctl: name },
  });
}
