import { kernelRelease } from '@tinyd/runtime';
import { TinydCommand } from '../command';
import { text } from '../flags/define';
import { writeOut } from '../output';
import { renderFormat } from '../present/format';
import { VERSION } from '../version';

/** Architectures as platforms of images name them. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = { x64: 'amd64' };

/** `tinyd version`. */
export default class Version extends TinydCommand {
  static override summary = 'Show the version';
  static override group = 'Other' as const;
  static override rootReason = undefined;
  static override examples = [
    'tinyd version',
    "tinyd version --format '{{.Server.Version}}'",
    'tinyd version --format json',
  ];
  static override flags = {
    format: text('json, or a template', 'FORMAT', { char: 'f' }),
  };

  override async run(): Promise<void> {
    const { flags } = this.parseLine(Version);
    const here = {
      ...{ Version: VERSION, Os: process.platform },
      Arch: PLATFORM_NAMES[process.arch] ?? process.arch,
    };
    const KernelVersion = kernelRelease();
    const facts = {
      ...here,
      NodeVersion: process.version,
      KernelVersion,
      // Where docker's scripts look: client and server are one.
      Client: here,
      Server: { ...here, KernelVersion },
    };
    if (flags.format !== undefined) return writeOut(renderFormat(facts, flags.format));
    const line = (name: string, value: string) => ` ${`${name}:`.padEnd(18)} ${value}\n`;
    writeOut(
      `tinyd:\n${line('Version', facts.Version)}${line('Node version', facts.NodeVersion)}${line('OS/Arch', `${facts.Os}/${facts.Arch}`)}${line('Kernel', facts.KernelVersion)}`,
    );
  }
}
