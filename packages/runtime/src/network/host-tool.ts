/** A bus or lock that does not answer must not hold up a start for longer than this. */
const PATIENCE_MS = 10_000;

/**
 * Runs a program of the host's firewall and returns what it printed. What runs it is loaded here, since that costs 2 ms and few
 * hosts ever need it.
 *
 * Fails with the error of `execFileSync`: {@link failureText} says it in words.
 */
export function runTool(file: string, operands: readonly string[]): string {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  return execFileSync(file, operands, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
  });
}

/** Why {@link runTool} failed: what the program said, without its `Error: `, or that there was nobody to say it. */
export function failureText(file: string, error: unknown): string {
  const { code, stderr = '' } = error as { code?: string; stderr?: string };
  if (code === 'ENOENT') return `there is no ${file}`;
  if (code === 'ETIMEDOUT') return `${file} does not answer`;
  const [line = ''] = stderr.trim().split('\n');
  return `${file} says: ${line.replace(/^Error: /, '')}`;
}
