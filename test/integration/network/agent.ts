import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { netlinkRequest } from '@tinyd/native';

/**
 * Lives in a network namespace of its own and does what the test asks for, one request at a time: it stands for the
 * host, for a container, or for a machine outside.
 */
type Operation = (...operands: never[]) => unknown;

const RUNTIME = join(__dirname, '../../../../packages/runtime/dist');

/** Sends netlink messages with a namespace open at descriptor 9, as the helper does. */
function sendWithNamespace(batch: Uint8Array, pid: number): void {
  const fd = openSync(`/proc/${pid}/ns/net`, 'r');
  const script = `require(${JSON.stringify(require.resolve('@tinyd/native'))}).netlinkRequest(0, Buffer.from(process.argv[1], 'hex'))`;
  const none = 'ignore' as const;
  const stdio = [none, none, 'pipe' as const, none, none, none, none, none, none, fd];
  const result = spawnSync(process.execPath, ['-e', script, Buffer.from(batch).toString('hex')], { stdio });
  closeSync(fd);
  if (result.status !== 0) throw new Error(String(result.stderr));
}

interface Network {
  createNetwork(place: object, options: object): object;
  attachNetworks(request: object): Promise<{
    plan: Record<'hostBatch' | 'containerBatch' | 'portBatch' | 'portTeardownBatch', Uint8Array>;
    settings: readonly object[];
  }>;
}

/** What the monitors of connected containers would send at the end, by container ID. */
const teardowns = new Map<string, Uint8Array>();

/** A program that attaches one container and prints its address. */
function attachScript(root: string, containerId: string): string[] {
  const request = JSON.stringify({ root, containerId, ports: [], publishAll: false, exposed: [] });
  const network = JSON.stringify(join(RUNTIME, 'network'));
  return [
    '-e',
    `const { attachNetworks } = require(${network});
     process.stdout.write('ready ');
     attachNetworks({ ...${request}, running: () => [] }).then(({ settings }) => process.stdout.write(settings[0].address));`,
  ];
}

/** Milliseconds after which starts are killed: the first ones make the network, the others find parts of it. */
const KILL_AFTER_MS = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 15, 20];

const operations: Record<string, Operation> = {
  attachMany: async (root: string, count: number) => {
    const ids = Array.from({ length: count }, (_, index) => index.toString(16).padStart(64, '0'));
    const runs = ids.map(id => promisify(execFile)(process.execPath, attachScript(root, id)));
    return (await Promise.all(runs)).map(({ stdout }) => stdout.replace('ready ', ''));
  },

  killWhileAttaching: async (root: string) => {
    for (const [index, delay] of KILL_AFTER_MS.entries()) {
      const child = spawn(process.execPath, attachScript(root, index.toString(16).padStart(64, 'f')), {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise(resolve => child.once('exit', resolve));
      await new Promise(resolve => child.stdout.once('data', resolve));
      await sleep(delay);
      child.kill('SIGKILL');
      await ended;
    }
  },

  teardown: (containerId: string) => {
    const batch = teardowns.get(containerId);
    if (batch === undefined) throw new Error(`no teardown batch of ${containerId}`);
    netlinkRequest(12, batch);
  },

  /** All of the namespace that the runtime may change. */
  state: () =>
    [
      'ip -o link',
      'ip -o address',
      'ip route show table all',
      'nft list ruleset',
      'sysctl net.ipv4.ip_forward',
    ]
      .map(line => execFileSync('sh', ['-c', line], { encoding: 'utf8' }))
      .join(''),

  run: (file: string, ...operands: string[]) => execFileSync(file, operands, { encoding: 'utf8' }),

  call: (file: string, name: string, ...operands: unknown[]) => {
    const module = require(join(RUNTIME, file)) as Record<string, (...operands: unknown[]) => unknown>;
    return module[name]?.(...operands);
  },

  createNetwork: (root: string, options: object) => {
    const network = require(join(RUNTIME, 'network')) as Network;
    network.createNetwork({ root, running: () => [] }, options);
  },

  netlink: (protocol: number, hex: string) => {
    netlinkRequest(protocol, Buffer.from(hex, 'hex'));
  },

  attach: async (request: { containerId: string }, running: object[], pid: number | undefined) => {
    const network = require(join(RUNTIME, 'network')) as Network;
    const told: string[] = [];
    const tell = (text: string) => told.push(text);
    const { plan, settings } = await network.attachNetworks({ ...request, running: () => running, tell });
    if (pid !== undefined) sendWithNamespace(plan.hostBatch, pid);
    if (pid !== undefined && plan.portBatch.length > 0) netlinkRequest(12, plan.portBatch);
    teardowns.set(request.containerId, plan.portTeardownBatch);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    return {
      settings: settings[0],
      containerBatch: hex(plan.containerBatch),
      portTeardownBatch: hex(plan.portTeardownBatch),
      told,
    };
  },

  /** Answers everybody with `name` and the address the question came from. */
  listen: (protocol: 'tcp' | 'udp', port: number, name: string, address = '0.0.0.0') =>
    new Promise<void>((resolve, reject) => {
      if (protocol === 'tcp') {
        const server = createServer(socket => socket.end(`${name} ${socket.remoteAddress}`));
        server.once('error', reject).listen(port, address, () => resolve());
        return;
      }
      const socket = createSocket('udp4');
      socket.on('message', (_, peer) => socket.send(`${name} ${peer.address}`, peer.port, peer.address));
      socket.once('error', reject).bind(port, address, () => resolve());
    }),

  ask: (question: Question) => (question.protocol === 'tcp' ? askTcp(question) : askUdp(question)),
};

/** What is asked of a service, and for how long. */
export interface Question {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly patienceMs: number;
  /** UDP: the sender's address and port. */
  readonly from?: { readonly address: string; readonly port?: number };
}

function askTcp({ address, port, patienceMs }: Question): Promise<string> {
  return new Promise(resolve => {
    let text = '';
    const socket = connect({ host: address, port, timeout: patienceMs });
    socket.on('timeout', () => socket.destroy(new Error('timeout')));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('data', data => {
      text += data.toString();
    });
    socket.on('end', () => resolve(text));
  });
}

function askUdp({ address, port, patienceMs, from }: Question): Promise<string> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    const finish = (text: string) => {
      clearTimeout(timer);
      socket.close();
      resolve(text);
    };
    const timer = setTimeout(() => finish('timeout'), patienceMs);
    socket.once('message', data => finish(data.toString()));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    const send = () => socket.send('?', port, address);
    if (from === undefined) send();
    else socket.bind(from, send);
  });
}

process.on('message', async (request: { id: number; operation: string; operands: never[] }) => {
  try {
    const value = await operations[request.operation]?.(...request.operands);
    process.send?.({ id: request.id, value: value ?? null });
  } catch (error) {
    const { code, message, details } = error as { code?: string; message: string; details?: object };
    process.send?.({ id: request.id, error: { code, message, details } });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ id: 0, value: null });
