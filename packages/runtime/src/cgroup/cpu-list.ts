/**
 * Reads a list of CPUs or memory nodes as cpuset(7) writes it: `0-3,7`.
 *
 * @returns the numbers, ascending; undefined when it is no such list.
 */
export function parseCpuList(text: string): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part.trim());
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last > MAX_NUMBER) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** CONFIG_NR_CPUS of the largest kernels is 8192. */
const MAX_NUMBER = 8191;
