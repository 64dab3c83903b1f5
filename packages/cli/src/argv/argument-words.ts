import type { ArgInput } from '@oclif/core/interfaces';

/** The arguments as a usage line shows them: `IMAGE [COMMAND...]`. */
export function argumentWords(args: ArgInput): string[] {
  return Object.entries(args).map(([name, arg]) => {
    const shown = arg.multiple === true ? `${name.toUpperCase()}...` : name.toUpperCase();
    return arg.required === true ? shown : `[${shown}]`;
  });
}
