import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { type AttachedContainer, isAnyAddress, type PublishedPort, portsConflict } from '../settings';
import { probePort } from './probe';
import type { RequestedPort } from './requested';
import { findContainer, portTakenError, portText } from './taken';

/** The range from which the host takes ports for outgoing connections, and docker those nobody chose. */
const EPHEMERAL_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
/** How many ports apart two containers with neighbouring addresses begin to look. */
const SPREAD_STEP = 7;

/** Who must be asked before a port is given out. */
export interface PortClaimants {
  /** The containers that run already, with what they publish. */
  readonly running: () => readonly AttachedContainer[];
  /**
   * Spreads containers that start at the same moment over the ephemeral ports, so that they do not try for the
   * same one: the number of the container's address within its subnet.
   */
  readonly spread: number;
}

/**
 * Decides on the host port of every requested port; each was free a moment ago. The monitor makes it last.
 *
 * Fails with ERR_TINYD_PORT_TAKEN, ERR_TINYD_OPTION_INVALID.
 */
export async function publishPorts(
  requested: readonly RequestedPort[],
  claimants: PortClaimants,
): Promise<PublishedPort[]> {
  if (requested.length === 0) return [];
  const running = claimants.running();
  const published: PublishedPort[] = [];
  // Ports that leave no choice come first, so that no other request is given one of them; among these the ones for
  // every address, since they include the others.
  const order = requested.toSorted((a, b) => choices(a) - choices(b) || breadth(b) - breadth(a));
  for (const request of order) {
    published.push(...(await findPort(request, published, running, claimants.spread)));
  }
  return published.toSorted((a, b) => a.containerPort - b.containerPort);
}

function choices(request: RequestedPort): number {
  return request.range === undefined ? Number.POSITIVE_INFINITY : request.range.last - request.range.first;
}

function breadth(request: RequestedPort): number {
  return isAnyAddress(request.hostIp) ? 1 : 0;
}

/** A port and its twin; none when what is asked for is published already. */
async function findPort(
  request: RequestedPort,
  published: readonly PublishedPort[],
  running: readonly AttachedContainer[],
  spread: number,
): Promise<PublishedPort[]> {
  const { hostIp, twinIp, containerPort, protocol } = request;
  const isOnlyChoice = choices(request) === 0;
  for (const hostPort of candidates(request, spread)) {
    const port: PublishedPort = { hostIp, hostPort, containerPort, protocol };
    const ports = twinIp === undefined ? [port] : [port, { ...port, hostIp: twinIp }];
    const rival = published.find(other => ports.some(each => portsConflict(other, each)));
    if (rival !== undefined) {
      if (!isOnlyChoice) continue;
      if (rival.containerPort === containerPort) return [];
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot publish ${portText(port)} for two ports of the container: ${rival.containerPort} and ${containerPort}`,
      );
    }
    const taken = await firstTaken(ports, running);
    if (taken === undefined) return ports;
    if (isOnlyChoice) throw await portTakenError(taken, running);
  }
  const range = request.range === undefined ? 'ephemeral' : `${request.range.first}-${request.range.last}`;
  throw new TinydError(
    'ERR_TINYD_PORT_TAKEN',
    `cannot publish port ${containerPort}/${protocol} on ${hostIp}: all ${range} ports are in use`,
    { hint: 'name another range', details: { ...request } },
  );
}

async function firstTaken(
  ports: readonly PublishedPort[],
  running: readonly AttachedContainer[],
): Promise<PublishedPort | undefined> {
  for (const port of ports) {
    if (findContainer(port, running) !== undefined || (await isUnbindable(port))) return port;
  }
  return undefined;
}

function* candidates(request: RequestedPort, spread: number): Generator<number> {
  const { first, last } = request.range ?? ephemeralRange();
  const count = last - first + 1;
  const start = request.range === undefined ? spread * SPREAD_STEP : 0;
  for (let step = 0; step < count; step++) yield first + ((start + step) % count);
}

function ephemeralRange(): { first: number; last: number } {
  const [first = 32768, last = 60999] = readFileSync(EPHEMERAL_RANGE, 'utf8').trim().split(/\s+/).map(Number);
  return { first, last };
}

async function isUnbindable(port: PublishedPort): Promise<boolean> {
  const failure = await probePort(port.protocol, port.hostIp, port.hostPort);
  if (failure === undefined) return false;
  if (failure === 'EADDRINUSE') return true;
  const reason = failure === 'EADDRNOTAVAIL' ? 'no interface of this host has that address' : failure;
  throw new TinydError('ERR_TINYD_OPTION_INVALID', `cannot publish ${portText(port)}: ${reason}`, {
    hint: 'publish on 0.0.0.0 or on one of the addresses that ip -br address shows',
    details: { ...port },
  });
}
