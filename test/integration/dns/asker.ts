/**
 * Asks from inside a network namespace, for the tests: run by `nsenter`, told by messages what to do.
 */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { CODE, encodeQuery, readMessage, showData, TYPE, type TypeName } from '../../support/dns-message';

/** What to ask. */
export interface Question {
  readonly name: string;
  readonly type?: TypeName;
  readonly by?: 'udp' | 'tcp';
  readonly udpBytes?: number;
  readonly server?: { readonly address: string; readonly port: number };
}

/** What came back; `code` is `timeout` when nothing did. */
export interface Answer {
  readonly code: keyof typeof CODE | 'timeout' | 'closed';
  readonly data: readonly string[];
  readonly name: string;
  readonly truncated: boolean;
  readonly bytes: number;
  readonly ms: number;
  readonly ttls: readonly number[];
  readonly udpBytes?: number;
}

const RESOLVER = { address: '127.0.0.11', port: 53 };
const PATIENCE_MS = 8000;
const NOTHING = { data: [], name: '', truncated: false, bytes: 0, ttls: [] };

let serial = 1;

function read(message: Buffer, id: number, started: number): Answer {
  const reply = readMessage(message);
  if (reply.id !== id) throw new Error(`reply ${reply.id} to query ${id}`);
  const code = (Object.keys(CODE) as (keyof typeof CODE)[]).find(name => CODE[name] === reply.code);
  if (code === undefined) throw new Error(`code ${reply.code}`);
  if (!reply.recursionAvailable) throw new Error('recursion is said not to be available');
  return {
    code,
    data: reply.answers.map(showData),
    name: reply.name,
    truncated: reply.truncated,
    bytes: reply.bytes,
    ttls: reply.answers.map(record => record.ttl),
    ms: Date.now() - started,
    ...(reply.udpBytes === undefined ? {} : { udpBytes: reply.udpBytes }),
  };
}

function askUdp(query: Buffer, id: number, server = RESOLVER): Promise<Answer> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => {
      socket.close();
      resolve({ code: 'timeout', ms: Date.now() - started, ...NOTHING });
    }, PATIENCE_MS);
    socket.once('error', reject);
    socket.once('message', (message, from) => {
      clearTimeout(timer);
      socket.close();
      // The redirection must not show.
      if (from.port !== server.port || from.address !== server.address) {
        reject(new Error(`answered by ${from.address}:${from.port}`));
      }
      resolve(read(message, id, started));
    });
    socket.send(query, server.port, server.address);
  });
}

/** Sends all of them at once, and gives the answers in the order of the questions. */
function askTcp(queries: readonly { id: number; query: Buffer }[], server = RESOLVER): Promise<Answer[]> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const found = new Map<number, Answer>();
    let received = Buffer.alloc(0);
    const socket = connect(server.port, server.address);
    const finish = (code: 'timeout' | 'closed') => {
      socket.destroy();
      resolve(queries.map(({ id }) => found.get(id) ?? { code, ms: Date.now() - started, ...NOTHING }));
    };
    socket.setTimeout(PATIENCE_MS, () => finish('timeout'));
    socket.once('error', reject);
    socket.once('close', () => finish('closed'));
    socket.on('data', piece => {
      received = Buffer.concat([received, piece]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const message = received.subarray(2, 2 + received.readUInt16BE(0));
        const id = message.readUInt16BE(0);
        found.set(id, read(message, id, started));
        received = received.subarray(2 + message.length);
      }
      if (found.size === queries.length) finish('closed');
    });
    for (const { query } of queries) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    }
  });
}

function prepare({ name, type = 'A', udpBytes }: Question): { id: number; query: Buffer } {
  const id = serial++ & 0xffff;
  return { id, query: encodeQuery({ id, name, type: TYPE[type], udpBytes }) };
}

const operations = {
  async ask(question: Question): Promise<Answer | undefined> {
    const { id, query } = prepare(question);
    if (question.by !== 'tcp') return askUdp(query, id, question.server);
    return (await askTcp([{ id, query }], question.server))[0];
  },

  /** All over one connection, without waiting. */
  pipeline(questions: readonly Question[]): Promise<Answer[]> {
    return askTcp(questions.map(prepare));
  },

  /** Asks `count` questions, `parallel` of them at a time; counts what came back. */
  async flood(question: Question, count: number, parallel: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    let left = count;
    const worker = async () => {
      while (left-- > 0) {
        const name = question.name.replace('*', `${left}`);
        const answer = await operations.ask({ ...question, name });
        const key = answer?.code === 'ok' ? answer.data.join() : (answer?.code ?? 'nothing');
        counts[key] = (counts[key] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    return counts;
  },

  /** Binds a port on all addresses, by UDP and TCP, as a name server would; holds it until the end. */
  async occupy(port: number): Promise<void> {
    const udp = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, '0.0.0.0', resolve);
    });
    await new Promise<void>((resolve, reject) => {
      createServer().once('error', reject).listen(port, '0.0.0.0', resolve);
    });
  },

  /** Sends datagrams without listening for what comes back. */
  async shout(messages: readonly string[]): Promise<void> {
    const socket = createSocket('udp4');
    for (const message of messages) {
      await new Promise(done => socket.send(Buffer.from(message, 'base64'), 53, '127.0.0.11', done));
    }
    socket.close();
  },

  /** Opens connections, sends the same bytes on each and holds them; tells how many still stand after `ms`. */
  async hold(count: number, bytes: string, ms: number): Promise<number> {
    const sockets = Array.from({ length: count }, () => {
      const socket = connect(53, '127.0.0.11', () => socket.write(Buffer.from(bytes, 'base64')));
      socket.on('error', () => undefined);
      return socket;
    });
    await new Promise(done => setTimeout(done, ms));
    const standing = sockets.filter(socket => !socket.closed && socket.readyState === 'open').length;
    for (const socket of sockets) socket.destroy();
    return standing;
  },
};

process.on(
  'message',
  async (request: { id: number; operation: keyof typeof operations; operands: never[] }) => {
    try {
      const operation = operations[request.operation] as (...operands: never[]) => Promise<unknown>;
      process.send?.({ id: request.id, value: await operation(...request.operands) });
    } catch (error) {
      process.send?.({ id: request.id, error: String(error) });
    }
  },
);
process.send?.({ id: 0 });
