import { createSocket } from 'node:dgram';

const senders: string[] = [];

/** Notes who sends to a port of the host. */
export function countDatagrams(port: number): Promise<void> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.on('message', (_, peer) => senders.push(peer.address));
    socket.bind(port, () => resolve());
  });
}

/** The senders so far. */
export function datagramsSeen(): readonly string[] {
  return senders;
}
