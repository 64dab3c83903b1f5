import type { Spec } from './spec-types';

/** How JavaScript writes 2^64 - 1, rounded up: a number that no reader of unsigned 64-bit integers takes. */
const ROUNDED = '18446744073709552000';
const UINT64_MAX = '18446744073709551615';

/**
 * The text of a config.json. Unlimited (2^64 - 1, which a double cannot hold) is written exactly, so that other
 * programs can read the document.
 */
export function specText(spec: Spec): string {
  const text = JSON.stringify(spec, null, 2);
  if (!text.includes(ROUNDED)) return text;
  // A line is one member: text inside of strings has its quotes and line ends escaped and cannot look like this.
  return text.replace(
    new RegExp(`^(\\s*"(?:soft|hard|value|valueTwo)": )${ROUNDED}(,?)$`, 'gm'),
    `$1${UINT64_MAX}$2`,
  );
}
