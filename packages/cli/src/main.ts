import type { Config } from '@oclif/core/config';
import { TinydError } from '@tinyd/core';
import { closest } from './argv/closest';
import { HelpRequested, type ParsedArgv, parseArgv } from './argv/grammar';
import type { CommandClass, Dispatch } from './command';
import {
  COMMAND_NAMES,
  expandObjectVerb,
  loadCommand,
  loadCommands,
  objectVerbs,
  verbsOf,
} from './command-table';
import { type ExitFamily, exitStatus } from './exit-codes';
import { globalFlags } from './flags/global-flags';
import { mergeFlags, resolveGlobals } from './globals';
import { writeErr, writeOut } from './output';
import { asTinydError, formatError } from './present/error';
import { onReplacing } from './use-cases/attach-terminal';
import { VERSION } from './version';

/** What a failure is reported as. */
interface Invocation {
  command: string;
  family: ExitFamily;
  debug: boolean;
}

/**
 * Runs one command line and sets the process's exit code. Never throws.
 *
 * @param argv the words after `tinyd`.
 * @param beforeReplacing called when another program takes this process over, so that main never returns.
 * @returns the name of the command that ran, for the code cache.
 */
export async function main(argv: readonly string[], beforeReplacing: () => void = () => {}): Promise<string> {
  onReplacing(beforeReplacing);
  const invocation: Invocation = { command: '', family: 'plain', debug: process.env.TINYD_DEBUG === '1' };
  // What is thrown where nobody waits for it (a timer, a stream) must not end in a stack trace either.
  process.on('uncaughtException', error => {
    report(error, invocation);
    process.exit();
  });
  try {
    await dispatch(argv, invocation);
  } catch (error) {
    report(error, invocation);
  }
  return invocation.command;
}

function report(error: unknown, { command, family, debug }: Invocation): void {
  writeErr(formatError(error, command, debug));
  process.exitCode = exitStatus(asTinydError(error).code, family);
}

async function dispatch(argv: readonly string[], invocation: Invocation): Promise<void> {
  const before = readLeadingFlags(argv);
  if (before?.flags.has('version')) return writeOut(`tinyd version ${VERSION}\n`);
  if (before === undefined || before.positionals.length === 0) return showHelp([]);
  const words = expandObjectVerb(before.positionals);
  const name = words[0] ?? '';
  if (name === 'help') return showHelp(words.slice(1));
  const command = loadCommand(name);
  if (command === undefined) {
    if (asksForObject(words)) return showHelp([name]);
    throw unknownCommand(words);
  }
  invocation.command = name;
  invocation.family = command.exitFamily;
  const globals = (after: ParsedArgv['flags']) => {
    const resolved = resolveGlobals(mergeFlags(before.flags, after), process.env);
    invocation.debug = resolved.debug;
    return resolved;
  };
  await runCommand(command, [...words.slice(1)], {
    globals,
    commands: loadCommands,
    objects: objectVerbs,
  });
}

async function runCommand(command: CommandClass, argv: string[], context: Dispatch): Promise<void> {
  try {
    await new command(argv, commandConfig(), context).execute();
  } catch (error) {
    if (!(error instanceof HelpRequested)) throw error;
    await showHelp([command.id]);
  }
}

/** The options before the command's name; undefined when help is asked for. */
function readLeadingFlags(argv: readonly string[]): ParsedArgv | undefined {
  const version = { version: { type: 'boolean', char: 'v' } } as const;
  try {
    return parseArgv(argv, { flags: [globalFlags, version], interspersed: false });
  } catch (error) {
    if (error instanceof HelpRequested) return undefined;
    throw error;
  }
}

/** `tinyd container` alone asks for help, as with docker. */
function asksForObject(words: readonly string[]): boolean {
  const [object = '', verb = '--help'] = words;
  return verbsOf(object) !== undefined && ['--help', '-h'].includes(verb);
}

function unknownCommand(words: readonly string[]): TinydError {
  const verbs = verbsOf(words[0] ?? '');
  const shown = verbs === undefined ? words[0] : words.slice(0, 2).join(' ');
  const near = closest(words[verbs === undefined ? 0 : 1] ?? '', verbs ?? COMMAND_NAMES);
  const list =
    verbs === undefined ? 'tinyd --help lists the commands' : `verbs are ${verbs.toSorted().join(', ')}`;
  const object = verbs === undefined ? '' : `${words[0]} `;
  const hint = near === undefined ? list : `did you mean ${object}${near}?`;
  return new TinydError('ERR_TINYD_USAGE', `unknown command: ${JSON.stringify(shown)}`, { hint });
}

async function showHelp(words: readonly string[]): Promise<void> {
  const help = require('./chunks/help') as typeof import('./chunks/help');
  const name = expandObjectVerb(words)[0];
  if (name === undefined) return writeOut(help.overview(loadCommands()));
  const command = loadCommand(name);
  if (command !== undefined) return writeOut(help.commandHelp(command));
  if (words.length > 1 || verbsOf(name) === undefined) throw unknownCommand(words);
  writeOut(help.objectHelp(name, objectVerbs()[name] ?? {}, loadCommands()));
}

/**
 * What oclif's Command asks of its configuration. Config.load() would walk the file system for plugins, themes and
 * shells that tinyd does not have, and take as long as all the rest of a start.
 */
function commandConfig(): Config {
  return { name: 'tinyd', bin: 'tinyd', version: VERSION, scopedEnvVarKeys: () => [] } as unknown as Config;
}
