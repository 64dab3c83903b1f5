import { realpathSync } from 'node:fs';
import type { BootedContainer } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { toggle } from '../flags/define';
import { writeErr, writeOut } from '../output';
import { formatError } from '../present/error';
import { systemdUnit } from '../present/systemd-unit';

/** `tinyd boot`. */
export default class Boot extends TinydCommand {
  static override summary = 'Start containers at boot, by their restart policies';
  static override description =
    'Starts those with --restart always, and those with unless-stopped that nobody had stopped. Containers that have run since the host was started are left alone. docs/boot.md says how to have it done at every start of the host.';
  static override group = 'Other' as const;
  static override examples = [
    'tinyd boot',
    'tinyd boot --unit > /etc/systemd/system/tinyd.service && systemctl enable --now tinyd',
  ];
  static override flags = {
    unit: toggle('Print a systemd unit that does it at every start of the host, and do nothing'),
  };
  static override args = {};

  override async run(): Promise<void> {
    const { flags } = this.parseLine(Boot);
    if (flags.unit) return writeOut(systemdUnit(realpathSync(process.argv[1] ?? ''), this.globals));
    await this.openRuntime().boot(container => this.#report(container));
  }

  #report({ name, outcome, failure }: BootedContainer): void {
    if (outcome === 'failed') {
      writeErr(formatError(failure, 'boot', this.globals.debug));
      process.exitCode = 1;
    } else {
      writeOut(outcome === 'started' ? `started ${name}\n` : `left ${name}: it had been stopped\n`);
    }
  }
}
