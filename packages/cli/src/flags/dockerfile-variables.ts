import { invalidChange } from './dockerfile-words';

/** What `$NAME` stands for in an instruction: the environment that the instructions before it have left. */
export type Variables = ReadonlyMap<string, string>;

/** The variables of an image's environment. */
export function variablesOf(environment: readonly string[]): Variables {
  return new Map(environment.map(text => [text.split('=', 1).join(''), text.slice(text.indexOf('=') + 1)]));
}

/**
 * Takes the quotes from a word of a Dockerfile instruction and puts in what its variables stand for: `$NAME`, `${NAME}`, and by a
 * default `${NAME:-word}`, `${NAME:+word}`, `${NAME:?word}`, also without the colon. In single quotes everything is as it is written.
 * The rules are those of "Environment replacement" in Docker's Dockerfile reference; the forms that cut patterns away are refused.
 *
 * Fails with ERR_TINYD_OPTION_INVALID.
 *
 * @param instruction the whole text, for messages.
 */
export function expandWord(instruction: string, word: string, variables: Variables): string {
  return new Expansion(instruction, word, variables).until('');
}

class Expansion {
  private at = 0;

  constructor(
    private readonly instruction: string,
    private readonly word: string,
    private readonly variables: Variables,
  ) {}

  /** Everything up to `stop`, which is consumed, or up to the end of the word if it is empty. */
  until(stop: '' | '"' | '}'): string {
    let text = '';
    for (;;) {
      const letter = this.next();
      if (letter === stop) return text;
      if (letter === '') throw this.refusal(stop === '}' ? 'a } is missing' : 'a quote is not closed');
      if (letter === '\\') text += this.escaped(stop === '"');
      else if (letter === '$') text += this.variable();
      else if (letter === '"') text += this.until('"');
      else if (letter === "'" && stop !== '"') text += this.literally();
      else text += letter;
    }
  }

  private next(): string {
    return this.word.charAt(this.at++);
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ''] = pattern.exec(this.word) ?? [];
    this.at += found.length;
    return found;
  }

  /** In double quotes a backslash is one unless something follows that it can take the meaning from. */
  private escaped(isQuoted: boolean): string {
    const letter = this.next();
    return isQuoted && !['"', '$', '\\'].includes(letter) ? `\\${letter}` : letter;
  }

  private literally(): string {
    const text = this.take(/[^']*/y);
    if (this.next() === '') throw this.refusal('a quote is not closed');
    return text;
  }

  /** What follows a dollar sign. A shell's own parameters, such as `$1` and `$@`, are empty; before anything else it is a dollar sign. */
  private variable(): string {
    if (this.take(/\{/y) === '') {
      const name = this.take(/[A-Za-z_]\w*|\d+|[@*#?$!-]/y);
      return name === '' ? '$' : (this.variables.get(name) ?? '');
    }
    const name = this.take(/\w+|[@*#?$!-]/y);
    if (name === '') throw this.refusal('a ${ needs a name');
    const value = this.variables.get(name);
    const operator = this.take(/:?[-+?]|[\s\S]?/y);
    if (operator === '}') return value ?? '';
    if (operator === '') throw this.refusal('a } is missing');
    if (!/[-+?]$/.test(operator)) {
      throw this.refusal(`in \${${name}…} only :-, :+, :?, -, + and ? can follow the name`);
    }
    const word = this.until('}');
    const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
    if (operator.endsWith('+')) return isSet ? word : '';
    if (isSet) return value;
    if (operator.endsWith('?')) throw this.refusal(`${name}: ${word === '' ? 'it is not set' : word}`);
    return word;
  }

  private refusal(reason: string): Error {
    return invalidChange(this.instruction, reason);
  }
}
