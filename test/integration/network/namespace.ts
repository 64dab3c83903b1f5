import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Question } from './agent';

/** Ample for a machine that has other work to do. */
const PATIENCE_MS = 8000;
const NO_ANSWER_MS = 500;

/** What an agent says when an operation failed. */
export class AgentError extends Error {
  constructor(
    readonly code: string | undefined,
    message: string,
    readonly details: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { code?: string; message: string; details?: Record<string, unknown> };
}

/** A network namespace with an agent in it; both end with {@link close}. */
export class Namespace {
  readonly #agent: ChildProcess;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #requests = 0;

  private constructor(agent: ChildProcess) {
    this.#agent = agent;
    agent.on('message', message => {
      const answer = message as Answer;
      this.#waiting.get(answer.id)?.resolve(answer);
    });
    agent.on('exit', status => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the agent ended with ${status}`));
    });
  }

  /** Makes a namespace of which only the loopback device is up, unless `bare`. */
  static async create(bare = false): Promise<Namespace> {
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const command = ['--net', process.execPath, join(__dirname, 'agent.js')];
    const agent = spawn('unshare', command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env });
    const namespace = new Namespace(agent);
    await namespace.#answer(0);
    namespace.#waiting.clear();
    if (!bare) await namespace.run('ip link set lo up');
    return namespace;
  }

  get pid(): number {
    if (this.#agent.pid === undefined) throw new Error('the agent has not started');
    return this.#agent.pid;
  }

  #answer(id: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Has the agent do something; fails as it fails. */
  async request<T>(operation: string, ...operands: unknown[]): Promise<T> {
    const id = ++this.#requests;
    const pending = this.#answer(id);
    this.#agent.send({ id, operation, operands });
    const { value, error } = await pending;
    this.#waiting.delete(id);
    if (error !== undefined) throw new AgentError(error.code, error.message, error.details ?? {});
    return value as T;
  }

  /** Runs a command line without quoting, and returns what it printed. */
  run(line: string): Promise<string> {
    return this.request('run', ...line.split(' '));
  }

  /** Asks a service; returns its answer, `timeout`, or the error's code. */
  ask(
    protocol: Question['protocol'],
    address: string,
    port: number,
    from?: Question['from'],
  ): Promise<string> {
    const question: Question = { protocol, address, port, patienceMs: PATIENCE_MS };
    return this.request('ask', from === undefined ? question : { ...question, from });
  }

  /** As {@link ask}, where no answer is expected: does not wait long. */
  knock(
    protocol: Question['protocol'],
    address: string,
    port: number,
    from?: Question['from'],
  ): Promise<string> {
    const question: Question = { protocol, address, port, patienceMs: NO_ANSWER_MS };
    return this.request('ask', from === undefined ? question : { ...question, from });
  }

  listen(protocol: 'tcp' | 'udp', port: number, name: string, address?: string): Promise<void> {
    return this.request('listen', protocol, port, name, ...(address === undefined ? [] : [address]));
  }

  async close(): Promise<void> {
    if (this.#agent.exitCode !== null || this.#agent.signalCode !== null) return;
    const ended = new Promise(resolve => this.#agent.once('exit', resolve));
    this.#agent.kill('SIGKILL');
    await ended;
  }
}

interface Port {
  readonly hostIp?: string;
  readonly hostPort?: number;
  readonly hostPortEnd?: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** The settings that the runtime reports, as far as the tests look. */
export interface Settings {
  readonly address: string;
  readonly address6?: string;
  readonly gateway: string;
  readonly bridge: string;
  readonly hostVeth: string;
  readonly ports: readonly { hostIp: string; hostPort: number; containerPort: number; protocol: string }[];
}

interface Container {
  readonly id: string;
  readonly name: string;
  readonly namespace: Namespace;
  readonly settings: Settings;
  /** What its start said of the network. */
  readonly told: readonly string[];
}

/** A host with a root folder of its own, a machine outside, and containers. */
export class Lab {
  readonly root = mkdtempSync(join(tmpdir(), 'tinyd-network-'));
  readonly containers: Container[] = [];

  readonly #made: Namespace[];

  private constructor(
    readonly host: Namespace,
    readonly outside: Namespace,
  ) {
    this.#made = [host, outside];
  }

  static async create(): Promise<Lab> {
    const lab = new Lab(await Namespace.create(), await Namespace.create());
    await lab.host.run(`ip link add ext0 type veth peer name ext0 netns ${lab.outside.pid}`);
    await lab.host.run(`ip address add ${HOST_ADDRESS}/24 dev ext0`);
    await lab.host.run('ip link set ext0 up');
    await lab.outside.run(`ip address add ${OUTSIDE_ADDRESS}/24 dev ext0`);
    await lab.outside.run('ip link set ext0 up');
    return lab;
  }

  get running(): { id: string; name: string; settings: Settings }[] {
    return this.containers.map(({ id, name, settings }) => ({ id, name, settings }));
  }

  request(containerId: string, ports: readonly Port[]): object {
    return { root: this.root, containerId, ports, publishAll: false, exposed: [] };
  }

  /** Takes a place on the network without connecting anything. */
  attach(containerId: string, ports: readonly Port[], extra: object = {}): Promise<{ settings: Settings }> {
    return this.host.request('attach', { ...this.request(containerId, ports), ...extra }, this.running);
  }

  /** Starts a namespace as the helper would a container, and connects it. */
  async start(name: string, ports: readonly Port[], extra: object = {}): Promise<Namespace> {
    const namespace = await Namespace.create(true);
    this.#made.push(namespace);
    const id = Buffer.from(name).toString('hex').padEnd(64, '0');
    type Attached = Pick<Container, 'settings' | 'told'> & { readonly containerBatch: string };
    const attached = await this.host.request<Attached>(
      'attach',
      { ...this.request(id, ports), ...extra },
      this.running,
      namespace.pid,
    );
    await namespace.request('netlink', 0, attached.containerBatch);
    const { settings, told } = attached;
    this.containers.push({ id, name, namespace, settings, told });
    return namespace;
  }

  /** Ends a container whose monitor is gone, and takes back what it had. */
  async stop(name: string): Promise<void> {
    const index = this.containers.findIndex(container => container.name === name);
    const [container] = this.containers.splice(index, 1);
    await container?.namespace.close();
    await this.network('releaseNetwork', this.root, container?.settings);
  }

  settings(name: string): Settings {
    return this.#container(name).settings;
  }

  told(name: string): readonly string[] {
    return this.#container(name).told;
  }

  #container(name: string): Container {
    const found = this.containers.find(container => container.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }

  /** Calls a function of the runtime's network in the host. */
  network<T>(name: string, ...operands: unknown[]): Promise<T> {
    return this.host.request('call', 'network', name, ...operands);
  }

  async close(): Promise<void> {
    for (const namespace of this.#made) await namespace.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const HOST_ADDRESS = '192.0.2.1';
export const OUTSIDE_ADDRESS = '192.0.2.9';
