import { isIP } from 'node:net';
import type { PortMapping } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';

interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * `--publish [ip:][hostPort[-hostPort]:]containerPort[-containerPort][/tcp|udp]`, ranges unrolled.
 *
 * Two ranges must be equally long; a host range for one container port stays a range, to choose a free port from.
 */
export function parsePublish(flag: string, text: string): PortMapping[] {
  const { ports, protocol } = splitProtocol(flag, text);
  const parts = splitAddress(flag, text, ports);
  const container = parseRange(flag, text, parts.container);
  const address = parts.ip === undefined ? {} : { hostIp: parts.ip };
  const base = { ...address, protocol };
  // 0 is how some write that any free port will do.
  if (parts.host === '' || parts.host === '0') {
    return unroll(container, containerPort => ({ ...base, containerPort }));
  }
  const host = parseRange(flag, text, parts.host);
  if (length(container) === 1 && length(host) > 1) {
    return [{ ...base, hostPort: host.first, hostPortEnd: host.last, containerPort: container.first }];
  }
  if (length(container) !== length(host))
    throw invalidFlag(flag, text, 'the two port ranges differ in length');
  return unroll(container, (containerPort, index) => ({
    ...base,
    hostPort: host.first + index,
    containerPort,
  }));
}

/** `--expose 80`, `--expose 7000-7010/udp`, in the form that image configs use: `80/tcp`. */
export function parseExpose(flag: string, text: string): string[] {
  const { ports, protocol } = splitProtocol(flag, text);
  return unroll(parseRange(flag, text, ports), port => `${port}/${protocol}`);
}

function splitProtocol(flag: string, text: string): { ports: string; protocol: 'tcp' | 'udp' } {
  const slash = text.indexOf('/');
  const ports = slash === -1 ? text : text.slice(0, slash);
  const protocol = slash === -1 ? 'tcp' : text.slice(slash + 1).toLowerCase();
  if (protocol === 'sctp') throw unsupportedFlag(flag, text, 'only tcp and udp ports can be published');
  if (protocol !== 'tcp' && protocol !== 'udp') throw invalidFlag(flag, text, 'want protocol tcp or udp');
  return { ports, protocol };
}

function splitAddress(
  flag: string,
  text: string,
  ports: string,
): { ip?: string; host: string; container: string } {
  const parts = ports.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  if (container === '') throw invalidFlag(flag, text, 'it names no container port');
  const address = parts.join(':').replace(/^\[(.*)\]$/, '$1');
  if (address === '') return { host, container };
  if (isIP(address) === 0) throw invalidFlag(flag, text, `${address} is no IP address`);
  return { ip: address, host, container };
}

function parseRange(flag: string, text: string, range: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  const first = Number(match?.[1]);
  const last = match?.[2] === undefined ? first : Number(match[2]);
  if (match === null || first < 1 || last > 65535 || last < first) {
    throw invalidFlag(flag, text, `${JSON.stringify(range)} is no port or port range (1 to 65535)`);
  }
  return { first, last };
}

function length(range: PortRange): number {
  return range.last - range.first + 1;
}

function unroll<T>(range: PortRange, make: (port: number, index: number) => T): T[] {
  return Array.from({ length: length(range) }, (_, index) => make(range.first + index, index));
}
