import type { PublishedPort } from '@tinyd/runtime';

/**
 * The PORTS column: `0.0.0.0:8080->80/tcp, 9000/tcp`, ports in order.
 *
 * As in docker, neighbours that keep their number collapse to a range: `0.0.0.0:7000-7002->7000-7002/tcp`.
 *
 * @param exposed ports that are not published, as `80/tcp`.
 */
export function portsText(published: readonly PublishedPort[], exposed: readonly string[]): string {
  const plain = exposed.map(text => ({
    port: Number.parseInt(text, 10),
    protocol: text.split('/')[1] ?? 'tcp',
  }));
  return [...exposedTexts(plain), ...publishedTexts(published)].join(', ');
}

/** Writes `0.0.0.0:8080`, `[::]:8080`. */
export function hostAddress({ hostIp, hostPort }: PublishedPort): string {
  return hostIp.includes(':') ? `[${hostIp}]:${hostPort}` : `${hostIp}:${hostPort}`;
}

/** A line for each port, in order: `80/tcp -> 0.0.0.0:8080`. */
export function portLines(ports: readonly PublishedPort[]): string {
  return inOrder(ports)
    .map(port => `${port.containerPort}/${port.protocol} -> ${hostAddress(port)}\n`)
    .join('');
}

/** By the container's port, then by the host's address. */
export function inOrder(ports: readonly PublishedPort[]): PublishedPort[] {
  return ports.toSorted(
    (a, b) =>
      a.containerPort - b.containerPort ||
      compareText(a.protocol, b.protocol) ||
      compareText(a.hostIp, b.hostIp) ||
      a.hostPort - b.hostPort,
  );
}

interface ExposedPort {
  readonly port: number;
  readonly protocol: string;
}

function exposedTexts(ports: readonly ExposedPort[]): string[] {
  const sorted = [...ports].sort((a, b) => compareText(a.protocol, b.protocol) || a.port - b.port);
  const runs = groupRuns(sorted, (a, b) => a.protocol === b.protocol && b.port === a.port + 1);
  return runs.map(({ first, last }) => `${range(first.port, last.port)}/${first.protocol}`);
}

function publishedTexts(ports: readonly PublishedPort[]): string[] {
  const sorted = [...ports].sort(
    (a, b) =>
      compareText(a.hostIp, b.hostIp) ||
      compareText(a.protocol, b.protocol) ||
      a.containerPort - b.containerPort ||
      a.hostPort - b.hostPort,
  );
  const runs = groupRuns(
    sorted,
    (a, b) =>
      a.hostIp === b.hostIp &&
      a.protocol === b.protocol &&
      a.hostPort === a.containerPort &&
      b.hostPort === b.containerPort &&
      b.containerPort === a.containerPort + 1,
  );
  return runs.map(({ first, last }) => {
    const host = first.hostIp.includes(':') ? `[${first.hostIp}]` : first.hostIp;
    const hostPorts = range(first.hostPort, last.hostPort);
    return `${host}:${hostPorts}->${range(first.containerPort, last.containerPort)}/${first.protocol}`;
  });
}

interface Run<T> {
  readonly first: T;
  last: T;
}

/** Neighbours that belong together, by their first and last. */
function groupRuns<T>(items: readonly T[], belongs: (last: T, next: T) => boolean): Run<T>[] {
  const runs: Run<T>[] = [];
  for (const item of items) {
    const run = runs.at(-1);
    if (run !== undefined && belongs(run.last, item)) run.last = item;
    else runs.push({ first: item, last: item });
  }
  return runs;
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
