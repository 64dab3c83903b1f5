import { normalise, type Platform } from './platform';

/** The platform that this machine runs, and how new its processor is. */
export interface HostPlatform extends Platform {
  /** x86-64 micro-architecture level, 1 to 4. Only with amd64. */
  readonly amd64Level?: number;
}

/** Flags of /proc/cpuinfo that each level of the x86-64 psABI adds to the one below. */
const AMD64_LEVELS: readonly (readonly string[])[] = [
  ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'],
  ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'],
  ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
];

/**
 * @param arch `process.arch`.
 * @param cpuinfo the text of /proc/cpuinfo; tells arm versions and x86-64 levels apart.
 */
export function hostPlatform(arch: string, cpuinfo: string): HostPlatform {
  // Node's name for POWER does not tell the byte order; images for the big-endian one are long gone.
  const platform = normalise({ os: 'linux', architecture: arch === 'ppc64' ? 'ppc64le' : arch });
  if (platform.architecture === 'amd64') return { ...platform, amd64Level: amd64Level(cpuinfo) };
  if (platform.architecture === 'arm') return { ...platform, variant: armVariant(cpuinfo) };
  return platform;
}

function amd64Level(cpuinfo: string): number {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/));
  const missing = AMD64_LEVELS.findIndex(level => !level.every(flag => flags.has(flag)));
  return missing < 0 ? AMD64_LEVELS.length + 1 : missing + 1;
}

/** A 64-bit kernel says 8 to a 32-bit program: what that program can run is v7. */
function armVariant(cpuinfo: string): string {
  const version = Number(/^CPU architecture\s*:\s*(\d+)/m.exec(cpuinfo)?.[1] ?? '7');
  return `v${Math.min(Math.max(version, 5), 7)}`;
}
