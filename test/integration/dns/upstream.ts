import { createSocket, type Socket } from 'node:dgram';
import { createServer, isIPv6, type Server } from 'node:net';
import { CODE, encodeReply, readMessage, TYPE } from '../../support/dns-message';

const PORT = 53;

const CODES: Readonly<Record<string, number>> = {
  absent: CODE.absent,
  fail: CODE.failed,
  refuse: CODE.refused,
};

function many(query: Buffer, count: number, mayBeCut: boolean): Buffer {
  const { udpBytes = 512 } = readMessage(query);
  const address = (index: number) => Buffer.of(198, 51, index >> 8, index & 255);
  const records = Array.from({ length: count }, (_, index) => ({ type: TYPE.A, data: address(index) }));
  const whole = encodeReply(query, { records });
  return mayBeCut && whole.length > udpBytes ? encodeReply(query, { truncated: true }) : whole;
}

/**
 * A name server on an address of the host's loopback. What it answers is in the first label of the name:
 * `a…`: an address; `absent`, `fail`, `refuse`: such a code; `slow-MS`: an address, later; `mute`: nothing;
 * `big-N`: N addresses, cut by UDP; `fat-N`: the same, not cut; `forged`: answers to another question before the right one.
 */
export class Upstream {
  /** The questions that came: `udp a.example A-type`. */
  readonly asked: string[] = [];
  /** Ports and IDs that the questions came with. */
  readonly ports: number[] = [];
  readonly ids: number[] = [];
  readonly #udp: Socket;
  readonly #tcp: Server;

  private constructor(
    readonly address: string,
    readonly answer: string,
  ) {
    this.#udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.#udp.on('message', (query, from) => {
      this.#ports(query, from.port);
      this.#handle('udp', query, reply => this.#udp.send(reply, from.port, from.address));
    });
    this.#tcp = createServer(socket => {
      let received = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', piece => {
        received = Buffer.concat([received, piece]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        this.#handle('tcp', received.subarray(2), reply => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          // In pieces, as a network may deliver it.
          socket.write(length.subarray(0, 1));
          socket.write(Buffer.concat([length.subarray(1), reply.subarray(0, 5)]));
          setTimeout(() => socket.write(reply.subarray(5)), 5);
        });
      });
    });
  }

  static async start(address: string, answer = '192.0.2.1'): Promise<Upstream> {
    const server = new Upstream(address, answer);
    await new Promise<void>((resolve, reject) => {
      server.#udp.once('error', reject);
      server.#udp.bind(PORT, address, resolve);
    });
    await new Promise<void>((resolve, reject) => {
      server.#tcp.once('error', reject);
      server.#tcp.listen(PORT, address, resolve);
    });
    return server;
  }

  async close(): Promise<void> {
    this.#udp.close();
    await new Promise(done => this.#tcp.close(done));
  }

  #ports(query: Buffer, port: number): void {
    this.ports.push(port);
    this.ids.push(query.readUInt16BE(0));
  }

  #handle(by: 'udp' | 'tcp', query: Buffer, send: (reply: Buffer) => void): void {
    const { name, type, udpBytes } = readMessage(query);
    this.asked.push(`${by} ${name} ${type}${udpBytes === undefined ? '' : ` edns ${udpBytes}`}`);
    const [word = '', number = '0'] = (name.split('.')[0] ?? '').split('-');
    const record = { type: TYPE.A, data: Buffer.from(this.answer.split('.').map(Number)) };
    const good = encodeReply(query, { records: [record] });
    if (word === 'mute') return;
    if (word === 'slow') {
      setTimeout(() => send(good), Number(number));
      return;
    }
    if (word === 'forged') this.#forge(query, send);
    const code = CODES[word];
    if (code !== undefined) send(encodeReply(query, { code }));
    else if (word === 'big' || word === 'fat')
      send(many(query, Number(number), word === 'big' && by === 'udp'));
    else send(good);
  }

  /** Wrong ID, wrong question, no reply at all, noise. */
  #forge(query: Buffer, send: (reply: Buffer) => void): void {
    const evil = { records: [{ type: TYPE.A, data: Buffer.of(6, 6, 6, 6) }] };
    const wrongId = encodeReply(query, evil);
    wrongId.writeUInt16BE(wrongId.readUInt16BE(0) ^ 1, 0);
    const wrongName = encodeReply(query, evil);
    wrongName[13] = (wrongName[13] ?? 0) ^ 1;
    send(wrongId);
    send(wrongName);
    send(query);
    send(Buffer.from('noise'));
  }
}
