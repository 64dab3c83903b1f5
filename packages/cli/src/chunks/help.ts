import type { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import { CommandHelp } from '@oclif/core/help';
import { argumentWords } from '../argv/argument-words';
import type { CommandClass } from '../command';

/** Loaded on demand: oclif's help formatter is as large as everything else of the command line. */

const GROUPS = ['Images', 'Containers', 'Networks', 'Volumes', 'Registries', 'Other'] as const;

const HEAD = `tinyd pulls images and runs containers, without a daemon.

Usage:  tinyd [OPTIONS] COMMAND [ARG...]
`;

const TAIL = `
Options:
  --root DIR                   Images, containers [$TINYD_ROOT, /var/lib/tinyd]
  --state DIR                  Run-time state [$TINYD_STATE, /run/tinyd]
  --registry-mirror HOST=URL   Fetch from URL what HOST would serve; repeatable
  --debug                      Show the stack behind a failure [$TINYD_DEBUG]
  -v, --version                Print the version

Try:  tinyd run --rm busybox echo hello
tinyd help COMMAND explains a command, with examples.
`;

/** What `tinyd` alone prints: the commands in their groups. */
export function overview(commands: readonly CommandClass[]): string {
  const width = Math.max(...commands.map(command => command.id.length));
  const sections = GROUPS.map(group => {
    const members = commands.filter(command => command.group === group);
    if (members.length === 0) return '';
    const lines = members.map(command => `  ${command.id.padEnd(width)}   ${command.summary ?? ''}\n`);
    return `\n${group}:\n${lines.join('')}`;
  });
  return HEAD + sections.join('') + TAIL;
}

/**
 * What `tinyd container --help` prints: the verbs of an object.
 *
 * @param verbs the command that each verb stands for, by the verb.
 */
export function objectHelp(
  object: string,
  verbs: Readonly<Record<string, string>>,
  commands: readonly CommandClass[],
): string {
  const width = Math.max(...Object.keys(verbs).map(verb => verb.length));
  const lines = Object.entries(verbs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([verb, id]) => {
      const summary = commands.find(command => command.id === id)?.summary ?? '';
      return `  ${verb.padEnd(width)}   ${summary}\n`;
    });
  return `Usage:  tinyd ${object} COMMAND [ARG...]\n\nCommands:\n${lines.join('')}
tinyd ${object} COMMAND --help explains a command, with examples.\n`;
}

/** One command's help: usage, arguments, flags in their groups, examples. */
export function commandHelp(command: CommandClass): string {
  const flags = shortFirst({ ...command.flags, ...command.baseFlags });
  const args = Object.entries(command.args).map(([name, arg]) => [name, { ...arg, name }]);
  const described = {
    ...staticsOf(command),
    flags,
    args: Object.fromEntries(args),
  } as unknown as Command.Loadable;
  const help = new CommandHelp(described, helpConfig(), {
    maxWidth: helpWidth(),
    hideCommandSummaryInDescription: true,
    flagSortOrder: 'none',
    docopts: false,
  });
  return `${command.summary ?? ''}\n\n${help.generate()}\n`;
}

/** A terminal that does not know its width says 0. */
function helpWidth(): number {
  return Math.max(60, Math.min(process.stdout.columns || 80, 120));
}

/** Flags with a letter first: the formatter aligns the others below them. */
function shortFirst<T extends { char?: unknown }>(flags: Record<string, T>): Record<string, T> {
  const entries = Object.entries(flags);
  const hasLetter = ([, flag]: [string, T]) => flag.char !== undefined;
  return Object.fromEntries([...entries.filter(hasLetter), ...entries.filter(each => !hasLetter(each))]);
}

/** What the formatter asks of oclif's configuration. */
function helpConfig(): Config {
  const config = new Config({ root: __dirname });
  config.name = 'tinyd';
  config.bin = 'tinyd';
  config.topicSeparator = ' ';
  return config;
}

function staticsOf(command: CommandClass): Partial<Command.Loadable> {
  return {
    id: command.id,
    usage: command.usage ?? [command.id, '[OPTIONS]', ...argumentWords(command.args)].join(' '),
    // The formatter itself gives a prompt only to what begins with `tinyd`.
    examples: command.examples.map(line => (String(line).startsWith('tinyd ') ? line : `$ ${line}`)),
    ...(command.description === undefined ? {} : { description: command.description }),
  };
}
