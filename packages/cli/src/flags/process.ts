import { type CreateOptions, isSignalName } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';
import { parseDecimalSize, parseInteger } from './numbers';

/** `--stop-signal`, `kill --signal`: `TERM`, `SIGTERM`, `15`, `RTMIN+3`; comes back as `SIGTERM` or the number. */
export function parseSignal(flag: string, text: string): string {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64) return String(Number(text));
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  if (isSignalName(name)) return name;
  const realTime = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime !== null) {
    const number = (realTime[1] === 'MIN' ? 34 : 64) + Number(`${realTime[2] ?? '+'}${realTime[3] ?? '0'}`);
    if (number >= 34 && number <= 64) return String(number);
  }
  throw invalidFlag(flag, text, 'want a signal name or number');
}

/** `--device /dev/source[:/dev/target][:rwm]`. */
export function parseDevice(flag: string, text: string): CreateOptions['devices'][number] {
  const [source = '', second, third, ...more] = text.split(':');
  if (more.length > 0 || !source.startsWith('/')) {
    if (/^[\w.-]+\/[\w.-]+=/.test(text)) throw unsupportedFlag(flag, text, 'CDI devices are not supported');
    throw invalidFlag(flag, text, 'want /dev/SOURCE[:/dev/TARGET][:rwm]');
  }
  const permissions = third ?? (second !== undefined && isPermissions(second) ? second : 'rwm');
  const target = second === undefined || isPermissions(second) ? source : second;
  if (!isPermissions(permissions)) throw invalidFlag(flag, text, 'want permissions out of r, w and m');
  if (!target.startsWith('/')) throw invalidFlag(flag, text, 'the path in the container must be absolute');
  return { source, target, permissions };
}

function isPermissions(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

/** `--workdir`: absolute, as docker wants it. */
export function parseWorkdir(flag: string, text: string): string {
  if (!text.startsWith('/')) throw invalidFlag(flag, text, 'want an absolute path');
  return text;
}

/** `--cap-add NET_ADMIN`, `cap_net_admin`, `ALL`: as `CAP_NET_ADMIN` or `ALL`; the runtime knows which exist. */
export function parseCapability(flag: string, text: string): string {
  const name = text.toUpperCase();
  if (!/^[A-Z_]+$/.test(name)) throw invalidFlag(flag, text, 'want a capability such as NET_ADMIN');
  return name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`;
}

/** docker rotates only when told to; tinyd always does: 10 MiB in 3 files. */
const DEFAULT_LOG = { driver: 'json-file', maxBytes: 10 * 1024 * 1024, maxFiles: 3 } as const;

/** `--log-driver json-file|none`, `--log-opt max-size=10m`, `--log-opt max-file=3`. */
export function parseLog(driver: string | undefined, options: readonly string[]): CreateOptions['log'] {
  if (driver !== undefined && driver !== 'json-file' && driver !== 'none') {
    throw unsupportedFlag('log-driver', driver, 'only json-file and none are supported');
  }
  let { maxBytes, maxFiles }: { maxBytes: number; maxFiles: number } = DEFAULT_LOG;
  for (const option of options) {
    const [key, value = ''] = option.split(/=(.*)/s, 2);
    if (key === 'max-size') maxBytes = parseDecimalSize('log-opt', value);
    else if (key === 'max-file') maxFiles = parseInteger('log-opt', value, 1, 1000);
    else throw unsupportedFlag('log-opt', option, 'only max-size and max-file are supported');
  }
  if (maxBytes < 1) throw invalidFlag('log-opt', 'max-size', 'want at least one byte');
  return { driver: driver ?? DEFAULT_LOG.driver, maxBytes, maxFiles };
}
