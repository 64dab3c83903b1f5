import { createSocket } from 'node:dgram';

const senders = new Map<number, string[]>();

/** Notes who sends to a port of the host. */
export function countDatagrams(port: number): Promise<void> {
  const seen: string[] = [];
  senders.set(port, seen);
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.on('message', (_, peer) => seen.push(peer.address));
    socket.bind(port, () => resolve());
  });
}

/** The senders so far. */
export function datagramsSeen(port: number): readonly string[] {
  return senders.get(port) ?? [];
}
