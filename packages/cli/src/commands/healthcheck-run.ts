import * as Args from '@oclif/core/args';
import { TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { becomeClient } from '../use-cases/attach-terminal';

/** `tinyd healthcheck run`: podman's. */
export default class HealthcheckRun extends TinydCommand {
  static override summary = "Run a container's health check once, now";
  static override exitFamily = 'run' as const;
  static override description =
    'Ends with the exit status of the check; what it prints is shown. The status that ps and inspect show is that of the checks that the monitor makes.';
  static override examples = ['tinyd healthcheck run web && echo well'];
  static override args = { container: Args.string({ required: true, description: 'Name or ID' }) };
  static override flags = {};

  override async run(): Promise<void> {
    const { args } = this.parseLine(HealthcheckRun);
    const container = await this.openRuntime().reach(args.container);
    const command = container.healthCommand();
    if (command === undefined) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot check container ${args.container}: it has no health check`,
        {
          hint: 'create it with --health-cmd',
        },
      );
    }
    const streams = { stdin: false, stdout: true, stderr: true };
    const { client } = await container.exec({
      command,
      attach: { ...streams, tty: false, signalProxy: false, detachKeys: [] },
    });
    if (client !== undefined) becomeClient(client);
  }
}
