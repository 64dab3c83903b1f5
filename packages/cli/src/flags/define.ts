import * as Flags from '@oclif/core/flags';
import type { BooleanFlag, OptionFlag } from '@oclif/core/interfaces';

/** What the help and the completion say of a flag beside its name. */
export interface FlagFacts {
  readonly char?: NonNullable<BooleanFlag<boolean>['char']>;
  readonly aliases?: string[];
  readonly helpGroup?: string;
  readonly hidden?: boolean;
}

/** A flag with one value; given several times, the last one counts. */
export function text(
  description: string,
  helpValue: string,
  facts: FlagFacts & { default?: string } = {},
): OptionFlag<string | undefined> {
  return Flags.string({ description, helpValue, ...facts, multiple: false });
}

/** A flag that may be given several times. */
export function texts(description: string, helpValue: string, facts: FlagFacts = {}): OptionFlag<string[]> {
  // The command line's reader gives [] for a flag that is absent; a default here would only clutter the help.
  return Flags.string({ description, helpValue, ...facts, multiple: true }) as OptionFlag<string[]>;
}

/** A switch: `--flag`, `--flag=false`. */
export function toggle(
  description: string,
  facts: FlagFacts & { default?: boolean } = {},
): BooleanFlag<boolean> {
  return Flags.boolean({ description, ...facts });
}
