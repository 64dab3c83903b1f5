import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { ipv4Bytes, parseIpv4 } from '../ipv4';
import { type Ipv6, ipv6Bytes, parseIpv6 } from '../ipv6';
import { readU32 } from '../netlink/message';
import { isAnyAddress } from '../settings';

/** A process that has a port. */
export interface PortHolder {
  readonly pid: number;
  /** Its name as in `ps` (/proc/PID/comm). */
  readonly program: string;
}

/** TCP_LISTEN (net/tcp_states.h); an unconnected UDP socket has the state TCP_CLOSE. */
const LISTENING = { tcp: '0A', udp: '07' } as const;

/** Finds who listens on a port of this host; undefined when no process of this namespace shows it. */
export function findPortHolder(
  protocol: 'tcp' | 'udp',
  address: string,
  port: number,
): PortHolder | undefined {
  const inodes = new Set([
    ...(address.includes(':')
      ? []
      : listeningInodes(`/proc/net/${protocol}`, LISTENING[protocol], address, port)),
    ...listeningInodes(`/proc/net/${protocol}6`, LISTENING[protocol], address, port),
  ]);
  return inodes.size === 0 ? undefined : findSocketOwner(inodes);
}

/** Inodes of the sockets in one table (proc_net_tcp: `sl local_address rem_address st … inode`). */
function listeningInodes(table: string, state: string, address: string, port: number): string[] {
  const inodes: string[] = [];
  for (const line of readText(table).split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [local = '', localPort = ''] = (fields[1] ?? '').split(':');
    const inode = fields[9];
    if (fields[3] !== state || Number.parseInt(localPort, 16) !== port || inode === undefined) continue;
    if (sharesAddress(local, address)) inodes.push(inode);
  }
  return inodes;
}

/** Compares an address of a /proc table (words of hex digits in host order) with ours. */
function sharesAddress(local: string, address: string): boolean {
  if (isAnyAddress(address) || /^0+$/.test(local)) return true;
  if (address.includes(':')) return local === hostOrderWords(parseIpv6(address));
  const ours = readU32(ipv4Bytes(parseIpv4(address)));
  // An IPv4 address in an IPv6 table stands in the last word.
  return Number.parseInt(local.slice(-8), 16) === ours;
}

/** An IPv6 address as /proc writes it: four words of hex digits, each in host order. */
function hostOrderWords(address: Ipv6): string {
  const bytes = ipv6Bytes(address);
  return [0, 4, 8, 12].map(at => readU32(bytes, at).toString(16).toUpperCase().padStart(8, '0')).join('');
}

function findSocketOwner(inodes: ReadonlySet<string>): PortHolder | undefined {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || !hasSocket(pid, inodes)) continue;
    return { pid: Number(pid), program: readText(`/proc/${pid}/comm`).trim() };
  }
  return undefined;
}

function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => {
      const target = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1];
      return target !== undefined && inodes.has(target);
    });
  } catch {
    return false; // The process has ended meanwhile.
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
