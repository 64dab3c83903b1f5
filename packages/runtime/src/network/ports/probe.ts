import { systemCode } from '../../atomic-file';

/** What became of an attempt to bind: undefined when it worked, else the system's error code. */
export type ProbeResult = string | undefined;

/**
 * Tries whether a port can be had, by taking it for a moment.
 *
 * A TCP port is also listened on: only that conflicts with every other holder, whatever options its socket has.
 */
export function probePort(protocol: 'tcp' | 'udp', address: string, port: number): Promise<ProbeResult> {
  return protocol === 'tcp' ? probeTcp(address, port) : probeUdp(address, port);
}

async function probeTcp(host: string, port: number): Promise<ProbeResult> {
  const { createServer } = await import('node:net');
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy());
    server.once('error', error => resolve(systemCode(error) ?? 'EIO'));
    server.listen({ host, port, exclusive: true, backlog: 1, ipv6Only: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

async function probeUdp(address: string, port: number): Promise<ProbeResult> {
  const { createSocket } = await import('node:dgram');
  return new Promise(resolve => {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      ipv6Only: address.includes(':'),
    });
    socket.once('error', error => {
      socket.close();
      resolve(systemCode(error) ?? 'EIO');
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}
