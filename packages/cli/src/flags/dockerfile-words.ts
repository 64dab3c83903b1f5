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

/** Takes an instruction's argument apart at the blanks that no quote or backslash keeps. The words have them still. */
export function splitWords(argument: string): string[] {
  return argument.match(/(?:\\[\s\S]|'[^']*(?:'|$)|"(?:\\[\s\S]|[^"\\])*(?:"|\\?$)|[^\s'"\\]|\\$)+/g) ?? [];
}
