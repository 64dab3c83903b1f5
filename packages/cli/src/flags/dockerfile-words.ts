import { TinydError } from '@tinyd/core';

/** The failure of everything that is read from --change. */
export function invalidChange(text: string, reason: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use --change ${JSON.stringify(text)}: ${reason}`,
    {
      hint: 'write it like in a Dockerfile: CMD ["nginx", "-g", "daemon off;"], ENV A=1, USER app',
    },
  );
}

/** The JSON form of a Dockerfile instruction: `["a", "b"]`; undefined when it is none. */
export function jsonWords(argument: string): string[] | undefined {
  if (!argument.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(argument);
    return Array.isArray(value) && value.every(word => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes an instruction's argument apart at blanks. Quotes keep blanks, a backslash keeps the next character; in single
 * quotes it is an ordinary one. Undefined when a quote is never closed.
 */
export function splitWords(argument: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < argument.length; at++) {
    const letter = argument.charAt(at);
    if (quote === '' && /\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === '\\' && quote !== "'" && at + 1 < argument.length) {
      word = (word ?? '') + argument.charAt(++at);
    } else if (quote === '' ? letter === '"' || letter === "'" : letter === quote) {
      quote = quote === '' ? letter : '';
      word ??= '';
    } else {
      word = (word ?? '') + letter;
    }
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}
