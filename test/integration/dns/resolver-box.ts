import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  type DnsService,
  dnsPlan,
  removeNames,
  writeDnsService,
  writeNames,
} from '../../../packages/runtime/dist/network/dns';
import { Box, type PlanChanges } from '../helper/box';
import type { Answer, Question } from './asker';

const ASKER = join(__dirname, 'asker.js');

/** A container with a resolver, on one network or several, and somebody inside who asks. */
export class ResolverBox {
  readonly box = new Box();
  readonly #asker: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #requests = 0;

  private constructor(service: Partial<DnsService>, argv: readonly string[], changes: PlanChanges) {
    this.serve(service);
    const { session } = this.box.plan(argv);
    if (session.network === undefined) throw new Error('a box has a network');
    const network = { ...session.network, dns: dnsPlan() };
    const plan = this.box.plan(argv, { ...changes, session: { ...changes.session, network } });
    const report = this.box.launch(plan);
    if (report.stage !== 'started') throw new Error(`start failed: ${JSON.stringify(report)}`);
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    this.#asker = spawn('nsenter', [`--net=/proc/${report.pid}/ns/net`, process.execPath, ASKER], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env,
    });
    this.#asker.on('message', (message: { id: number; value?: unknown; error?: string }) => {
      const pending = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) pending?.resolve(message.value);
      else pending?.reject(new Error(message.error));
    });
  }

  static async start(
    service: Partial<DnsService> = {},
    argv: readonly string[] = ['sleep', '1000'],
    changes: PlanChanges = {},
  ): Promise<ResolverBox> {
    const box = new ResolverBox(service, argv, changes);
    await new Promise((resolve, reject) => box.#waiting.set(0, { resolve, reject }));
    return box;
  }

  /** The monitor's process. */
  get monitorPid(): number {
    return Number(this.box.state().monitorPid);
  }

  zone(name = 'one'): string {
    return join(this.box.base, 'networks', name, 'names');
  }

  serve(service: Partial<DnsService>): void {
    const whole = { zones: [this.zone()], upstream: 'none', keepSingleLabels: false, ...service } as const;
    writeDnsService(this.box.runDir, whole);
  }

  /** A container appears on a network. */
  join(id: string, addresses: readonly string[], names: readonly string[], network = 'one'): void {
    writeNames(this.zone(network), id, { network, addresses, names });
  }

  leave(id: string, network = 'one'): void {
    removeNames(this.zone(network), id);
  }

  request<T>(operation: string, ...operands: unknown[]): Promise<T> {
    const id = ++this.#requests;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: value => resolve(value as T), reject });
      this.#asker.send({ id, operation, operands });
    });
  }

  ask(name: string, how: Omit<Question, 'name'> = {}): Promise<Answer> {
    return this.request('ask', { name, ...how });
  }

  async remove(): Promise<void> {
    const ended = new Promise(resolve => this.#asker.once('exit', resolve));
    if (this.#asker.exitCode === null && this.#asker.signalCode === null) {
      this.#asker.kill('SIGKILL');
      await ended;
    }
    await this.box.remove();
  }
}
