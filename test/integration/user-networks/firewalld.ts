import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A bus that lets everybody in do everything. */
const busConfiguration = (socket: string) => `<busconfig>
  <type>system</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>`;

const POLL_MS = 50;

/** The real firewalld, in the network namespace of another process, with a bus and a configuration of its own. */
export class Firewalld {
  #bus: ChildProcess | undefined;
  #daemon: ChildProcess | undefined;

  constructor(
    private readonly pid: number,
    private readonly folder: string,
  ) {}

  /** Both it and the bus it listens to can be had here. */
  static isInstalled(): boolean {
    return ['firewalld', 'dbus-daemon'].every(program => {
      try {
        execFileSync('sh', ['-c', `command -v ${program}`]);
        return true;
      } catch {
        return false;
      }
    });
  }

  /** What leads firewall-cmd to it. */
  get env(): Record<string, string> {
    return { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${join(this.folder, 'bus')}` };
  }

  async start(): Promise<void> {
    const configuration = join(this.folder, 'bus.conf');
    mkdirSync(join(this.folder, 'etc'), { recursive: true });
    writeFileSync(configuration, busConfiguration(join(this.folder, 'bus')));
    const options = { env: { ...process.env, ...this.env }, stdio: 'ignore' } as const;
    this.#bus ??= spawn(
      'dbus-daemon',
      [`--config-file=${configuration}`, '--nofork', '--nopidfile'],
      options,
    );
    const settings = ['--system-config', join(this.folder, 'etc'), '--log-file', join(this.folder, 'log')];
    const daemon = ['firewalld', '--nofork', '--nopid', ...settings];
    this.#daemon = spawn('nsenter', ['-t', String(this.pid), '-n', ...daemon], options);
    while (!this.isRunning()) await sleep(POLL_MS);
  }

  isRunning(): boolean {
    try {
      return this.command('--state') === 'running';
    } catch {
      return false;
    }
  }

  /** Runs firewall-cmd and returns what it said. */
  command(...operands: readonly string[]): string {
    const env = { ...process.env, ...this.env };
    return execFileSync('firewall-cmd', operands, { env, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  /** What a zone of its configuration says. */
  zone(name: string): string {
    return readFileSync(join(this.folder, 'etc', 'zones', `${name}.xml`), 'utf8');
  }

  /** Ends it; killed, it leaves its rules behind. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await ended(this.#daemon, signal);
    this.#daemon = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await ended(this.#bus, 'SIGTERM');
  }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise(resolve => child.once('exit', resolve));
  child.kill(signal);
  await end;
}
