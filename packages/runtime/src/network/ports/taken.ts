import { TinydError } from '@tinyd/core';
import { type AttachedContainer, isIpv6Port, type PublishedPort, portsConflict } from '../settings';
import { findPortHolder } from './holder';
import { probePort } from './probe';

/** How far to look for a free port that can be suggested. */
const SUGGESTION_REACH = 100;

/** A port of the host. */
export type HostPort = Pick<PublishedPort, 'hostIp' | 'hostPort' | 'protocol'>;

/** Writes `0.0.0.0:8080/tcp`. */
export function portText(port: HostPort): string {
  const address = isIpv6Port(port) ? `[${port.hostIp}]` : port.hostIp;
  return `${address}:${port.hostPort}/${port.protocol}`;
}

/** The container among `running` that publishes a port. */
export function findContainer(
  port: HostPort,
  running: readonly AttachedContainer[],
): AttachedContainer | undefined {
  return running.find(({ settings }) => settings.ports.some(other => portsConflict(other, port)));
}

/**
 * Says who has a port: a container, or a process. To be thrown as well when the helper cannot claim a port that was free
 * a moment ago, since somebody else was faster.
 */
export async function portTakenError(
  port: HostPort,
  running: readonly AttachedContainer[],
): Promise<TinydError> {
  const container = findContainer(port, running);
  const holder =
    container === undefined ? findPortHolder(port.protocol, port.hostIp, port.hostPort) : undefined;
  const free = await suggestPort(port, running);
  return new TinydError(
    'ERR_TINYD_PORT_TAKEN',
    `cannot publish ${portText(port)}: port is ${holderText(container, holder)}`,
    {
      hint: free === undefined ? 'publish on another port' : `port ${free} is free`,
      details: {
        hostIp: port.hostIp,
        hostPort: port.hostPort,
        protocol: port.protocol,
        ...(container === undefined ? {} : { container: container.id }),
        ...(holder === undefined ? {} : { pid: holder.pid, program: holder.program }),
        ...(free === undefined ? {} : { freePort: free }),
      },
    },
  );
}

/** Says who has a port: `used by container web (3fd2a1b09c4e)`, `used by process 12 (nginx)`; undefined: nobody is seen. */
export function portHolderText(port: HostPort, running: readonly AttachedContainer[]): string | undefined {
  const container = findContainer(port, running);
  const holder =
    container === undefined ? findPortHolder(port.protocol, port.hostIp, port.hostPort) : undefined;
  return container === undefined && holder === undefined ? undefined : holderText(container, holder);
}

function holderText(
  container: AttachedContainer | undefined,
  holder: ReturnType<typeof findPortHolder>,
): string {
  if (container !== undefined) return `used by container ${container.name} (${container.id.slice(0, 12)})`;
  if (holder === undefined) return 'used by another program, or by a container that is just starting';
  // A program chooses its own name.
  const program = holder.program.replace(/[^\x20-\x7e]/g, '?');
  return `used by process ${holder.pid} (${program})`;
}

async function suggestPort(
  port: HostPort,
  running: readonly AttachedContainer[],
): Promise<number | undefined> {
  const last = Math.min(65535, port.hostPort + SUGGESTION_REACH);
  for (let hostPort = port.hostPort + 1; hostPort <= last; hostPort++) {
    if (findContainer({ ...port, hostPort }, running) !== undefined) continue;
    if ((await probePort(port.protocol, port.hostIp, hostPort)) === undefined) return hostPort;
  }
  return undefined;
}
