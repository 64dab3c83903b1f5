import { Command } from '@oclif/core/command';
import type { ArgInput, FlagInput, InferredArgs, InferredFlags } from '@oclif/core/interfaces';
import { TinydError } from '@tinyd/core';
import { openRuntime, type Runtime } from '@tinyd/runtime';
import { openStore, type Store } from '@tinyd/store';
import { argumentWords } from './argv/argument-words';
import { type ParsedArgv, parseArgv } from './argv/grammar';
import { type ExitFamily, exitStatus } from './exit-codes';
import { globalFlags } from './flags/global-flags';
import type { Globals } from './globals';
import { writeErr } from './output';
import { asTinydError, formatError } from './present/error';
import { reportSettled } from './use-cases/report-settled';
import { requireRoot } from './use-cases/require-root';

/**
 * Base of every command: oclif's Command, its arguments read by docker's grammar.
 *
 * oclif's own parser is not used: it reorders repeated positionals, reads stdin for missing ones, and takes a value
 * that looks like a flag for a flag. Flag and argument definitions, help and completion remain oclif's.
 */
export abstract class TinydCommand extends Command {
  static override baseFlags = globalFlags;
  /** False for commands whose positionals end the flags. */
  static interspersed = true;
  /** docker's flags that are answered with a refusal which names them. */
  static refusedFlags: readonly string[] = [];
  static exitFamily: ExitFamily = 'plain';
  /** Heading under which the overview lists the command. */
  static group: CommandGroup = 'Containers';
  /** False for commands that have the runtime do so themselves, along with what they ask of it. */
  static mendsNetworks = true;
  /** Why an ordinary user cannot run it; undefined for what everybody can. */
  static rootReason: string | undefined = 'the store and the containers belong to root';

  /** The global options, from before and after the command's name. */
  protected get globals(): Globals {
    if (this.resolvedGlobals === undefined)
      throw new TinydError('ERR_TINYD_INTERNAL', 'globals are read before parseLine()');
    return this.resolvedGlobals;
  }
  private resolvedGlobals: Globals | undefined;

  /** The containers below --root. What somebody took away under those that run is put back first, once a command. */
  protected openRuntime(): Runtime {
    const runtime = openRuntime(this.globals, {
      onSettled: reportSettled,
      onNetworkRepair: ({ text }) => this.showOnce(text),
    });
    if (!this.hasLooked && (this.constructor as typeof TinydCommand).mendsNetworks) runtime.mendNetworks();
    this.hasLooked = true;
    return runtime;
  }
  private hasLooked = false;

  /** What cannot be repaired is found by every look. */
  private showOnce(warning: string): void {
    if (!this.shown.has(warning)) this.showWarnings([warning]);
    this.shown.add(warning);
  }
  private readonly shown = new Set<string>();

  /** The images below --root. */
  protected openStore(): Store {
    return openStore({ root: this.globals.root });
  }

  constructor(
    argv: string[],
    config: ConstructorParameters<typeof Command>[1],
    /** What dispatch knows beside the arguments. */
    protected readonly dispatch: Dispatch,
  ) {
    super(argv, config);
  }

  /**
   * Does the same to every operand, as docker does: one that fails is reported and does not stop the others.
   * The exit status tells the worst failure.
   */
  protected async forEach(
    operands: readonly string[],
    action: (operand: string) => void | Promise<void>,
  ): Promise<void> {
    const { id, exitFamily } = this.constructor as typeof TinydCommand;
    for (const operand of operands) {
      try {
        await action(operand);
      } catch (error) {
        writeErr(formatError(error, id, this.globals.debug));
        process.exitCode = Math.max(
          Number(process.exitCode ?? 0),
          exitStatus(asTinydError(error).code, exitFamily),
        );
      }
    }
  }

  /** Says on stderr what is no failure. */
  protected showWarnings(warnings: readonly string[]): void {
    const { id } = this.constructor as typeof TinydCommand;
    for (const warning of warnings) writeErr(`tinyd ${id}: warning: ${warning}\n`);
  }

  /** Runs the command; failures are thrown, nothing is printed for them. */
  async execute(): Promise<void> {
    await this._run();
  }

  protected override async init(): Promise<void> {}

  protected override async catch(error: Error): Promise<never> {
    throw error;
  }

  /**
   * The command line as the command's own flags and arguments.
   *
   * Fails as {@link parseArgv}, with ERR_TINYD_USAGE, and with ERR_TINYD_NOT_ROOT.
   */
  protected parseLine<C extends Definitions>(definitions: C): ParsedLine<C> {
    const ctor = this.constructor as typeof TinydCommand;
    const flags: FlagInput[] = [definitions.flags, ctor.baseFlags];
    const { interspersed, refusedFlags: refused } = ctor;
    const parsed = parseArgv(this.argv, { flags, interspersed, refused });
    this.resolvedGlobals = this.dispatch.globals(parsed.flags);
    // Tells oclif that the arguments were looked at.
    this.parsed = true;
    const args = assignArguments(ctor.id, definitions.args, parsed.positionals);
    if (ctor.rootReason !== undefined) requireRoot(ctor.id, ctor.rootReason);
    return { flags: flagValues(flags, parsed), args } as ParsedLine<C>;
  }
}

/** What dispatch gives to every command. */
export interface Dispatch {
  /** Joins the global flags behind the command's name with those in front of it. */
  readonly globals: (flags: ParsedArgv['flags']) => Globals;
  /** All commands, by name; loading them all takes its time. */
  readonly commands: () => readonly CommandClass[];
  /** docker's objects: their verbs, and the command that each verb stands for. */
  readonly objects: () => Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A command's class, as dispatch makes it. */
export type CommandClass = Omit<typeof TinydCommand, 'prototype'> &
  (new (
    ...args: ConstructorParameters<typeof TinydCommand>
  ) => TinydCommand);

interface Definitions {
  readonly flags: FlagInput;
  readonly args: ArgInput;
}

interface ParsedLine<C extends Definitions> {
  readonly flags: InferredFlags<C['flags']>;
  readonly args: InferredArgs<C['args']>;
}

/** Headings of the overview. */
export type CommandGroup = 'Images' | 'Containers' | 'Networks' | 'Volumes' | 'Registries' | 'Other';

/** Of every flag, given or not. for-in makes no lists of a hundred flags. */
function flagValues(tables: readonly FlagInput[], parsed: ParsedArgv): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const flags of tables) {
    for (const name in flags) {
      // The first table tells what a flag is, here as in the grammar.
      if (!Object.hasOwn(values, name)) values[name] = flagValue(flags[name], parsed.flags.get(name));
    }
  }
  return values;
}

function flagValue(flag: FlagInput[string] | undefined, given: readonly string[] | undefined): unknown {
  if (flag?.type === 'boolean') return given === undefined ? flag.default === true : given.at(-1) === 'true';
  if (flag?.multiple === true) return given === undefined ? [] : [...given];
  return given === undefined ? flag?.default : given.at(-1);
}

function assignArguments(
  id: string,
  args: ArgInput,
  positionals: readonly string[],
): Record<string, unknown> {
  const entries = Object.entries(args);
  const required = entries.filter(([, arg]) => arg.required === true).length;
  const isVariadic = entries.at(-1)?.[1].multiple === true;
  if (positionals.length < required) {
    throw usage(id, `needs at least ${count(required)}: ${argumentWords(args).join(' ')}`);
  }
  if (!isVariadic && positionals.length > entries.length) {
    const wanted = entries.length === 0 ? 'takes no arguments' : `takes at most ${count(entries.length)}`;
    throw usage(id, `${wanted}, but there is also ${JSON.stringify(positionals[entries.length])}`);
  }
  const values: Record<string, unknown> = {};
  entries.forEach(([name, arg], index) => {
    if (arg.multiple === true) values[name] = positionals.slice(index);
    else if (positionals[index] !== undefined) values[name] = positionals[index];
  });
  return values;
}

function count(number: number): string {
  return number === 1 ? 'one argument' : `${number} arguments`;
}

function usage(id: string, message: string): TinydError {
  return new TinydError('ERR_TINYD_USAGE', message, { hint: `tinyd ${id} --help shows how it is used` });
}
