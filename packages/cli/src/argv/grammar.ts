import { TinydError } from '@tinyd/core';
import { closest } from './closest';

/** What the grammar asks of a flag's definition, which is oclif's. */
export interface FlagDefinition {
  /** An option takes a value. */
  readonly type: 'boolean' | 'option';
  readonly char?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
}

/** Flags by name. */
export type FlagTable = Readonly<Record<string, FlagDefinition>>;

/** How one command's arguments are to be read. */
export interface ArgvGrammar {
  /** The first table that has a flag tells what it is. */
  readonly flags: readonly FlagTable[];
  /** False: the first positional ends the flags, so that what follows belongs to the container (`run`, `exec`). */
  readonly interspersed: boolean;
  /** Flags that docker has and tinyd does not, so that the answer can be precise. */
  readonly refused?: readonly string[];
}

/** A command line taken apart: flag values in the order given, `true`/`false` for booleans. */
export interface ParsedArgv {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/**
 * Takes arguments apart by the rules of docker's command line (Go's pflag): `--name value`, `--name=value`,
 * `-n value`, `-nvalue`, `-n=value`, combined booleans (`-it`), `--flag=false`, `--` ends the flags.
 *
 * A flag that takes a value takes the next argument whatever it looks like.
 * Fails with ERR_TINYD_USAGE, or with ERR_TINYD_OPTION_UNSUPPORTED for a flag in `refused`.
 */
export function parseArgv(argv: readonly string[], grammar: ArgvGrammar): ParsedArgv {
  return new Reader(argv, grammar).read();
}

class Reader {
  private readonly flags = new Map<string, string[]>();
  private readonly positionals: string[] = [];
  private at = 0;

  constructor(
    private readonly argv: readonly string[],
    private readonly grammar: ArgvGrammar,
  ) {}

  read(): ParsedArgv {
    for (let word = this.take(); word !== undefined; word = this.take()) {
      if (word === '--') {
        this.positionals.push(...this.rest());
      } else if (word.startsWith('--')) {
        this.readLong(word);
      } else if (word.startsWith('-') && word !== '-') {
        this.readShort(word);
      } else {
        this.positionals.push(word);
        if (!this.grammar.interspersed) this.positionals.push(...this.rest());
      }
    }
    return { flags: this.flags, positionals: this.positionals };
  }

  private readLong(word: string): void {
    const equals = word.indexOf('=');
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    const given = equals === -1 ? undefined : word.slice(equals + 1);
    const flag = findFlag(this.grammar.flags, name);
    if (flag === undefined) throw this.unknown(name, `unknown flag: --${name}`);
    if (!flag.takesValue) this.set(flag, given === undefined ? 'true' : parseBoolean(given, `--${name}`));
    else this.set(flag, given ?? this.valueOf(`--${name}`));
  }

  private readShort(word: string): void {
    let letters = word.slice(1);
    while (letters !== '') {
      const letter = letters.charAt(0);
      const flag = search(this.grammar.flags, ({ char }) => char === letter);
      if (flag === undefined) throw this.unknown(letter, `unknown shorthand flag: '${letter}' in ${word}`);
      letters = letters.slice(1);
      const given = letters.startsWith('=') && letters.length > 1 ? letters.slice(1) : undefined;
      if (flag.takesValue) {
        this.set(flag, given ?? (letters === '' ? this.valueOf(`-${letter}`) : letters));
        return;
      }
      if (given !== undefined) {
        this.set(flag, parseBoolean(given, `-${letter}, --${flag.name}`));
        return;
      }
      this.set(flag, 'true');
    }
  }

  private set(flag: Flag, value: string): void {
    const values = this.flags.get(flag.name);
    if (values === undefined) this.flags.set(flag.name, [value]);
    else values.push(value);
  }

  private unknown(name: string, message: string): TinydError {
    // docker, too, takes -h for --help where it is nothing else.
    if (name === 'help' || name === 'h') return new HelpRequested();
    if (this.grammar.refused?.includes(name) === true) {
      return new TinydError(
        'ERR_TINYD_OPTION_UNSUPPORTED',
        `${name.length === 1 ? '-' : '--'}${name} is an option of docker that tinyd does not support`,
      );
    }
    const near = name.length === 1 ? undefined : closest(name, this.grammar.flags.flatMap(namesOf));
    const hint = near === undefined ? '--help shows the flags' : `did you mean --${near}?`;
    return new TinydError('ERR_TINYD_USAGE', message, { hint });
  }

  private valueOf(shown: string): string {
    const value = this.take();
    if (value === undefined) throw new TinydError('ERR_TINYD_USAGE', `flag needs an argument: ${shown}`);
    return value;
  }

  private take(): string | undefined {
    return this.argv[this.at++];
  }

  private rest(): readonly string[] {
    const rest = this.argv.slice(this.at);
    this.at = this.argv.length;
    return rest;
  }
}

interface Flag {
  readonly name: string;
  readonly takesValue: boolean;
}

/** By its name or an alias. A command has a hundred flags and a line names a few: no maps are made of them. */
function findFlag(tables: readonly FlagTable[], name: string): Flag | undefined {
  const table = tables.find(each => Object.hasOwn(each, name));
  return table === undefined
    ? search(tables, ({ aliases }) => aliases?.includes(name) === true)
    : { name, takesValue: table[name]?.type === 'option' };
}

function search(
  tables: readonly FlagTable[],
  isMeant: (definition: FlagDefinition) => boolean,
): Flag | undefined {
  for (const table of tables) {
    for (const name in table) {
      const definition = table[name];
      if (definition !== undefined && isMeant(definition))
        return { name, takesValue: definition.type === 'option' };
    }
  }
  return undefined;
}

function namesOf(table: FlagTable): string[] {
  return Object.entries(table).flatMap(([name, { aliases }]) => [name, ...(aliases ?? [])]);
}

/** Thrown when `--help` stands where a flag may stand; whoever dispatches the command prints its help. */
export class HelpRequested extends TinydError {
  constructor() {
    super('ERR_TINYD_USAGE', 'help was requested');
  }
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** The spellings that Go's strconv.ParseBool accepts. */
function parseBoolean(text: string, shown: string): string {
  if (TRUE.has(text)) return 'true';
  if (FALSE.has(text)) return 'false';
  throw new TinydError(
    'ERR_TINYD_USAGE',
    `invalid argument ${JSON.stringify(text)} for ${JSON.stringify(shown)} flag: want true or false`,
  );
}
