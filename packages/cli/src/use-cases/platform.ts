import { readFileSync } from 'node:fs';
import { type HostPlatform, hostPlatform, type Platform, parsePlatform } from '@tinyd/core';

/** The platform to pull for. */
export interface PlatformChoice {
  readonly platform: Platform | HostPlatform;
  /** The user named it: an image without it is an error. */
  readonly explicitPlatform: boolean;
}

/** `--platform`, else $DOCKER_DEFAULT_PLATFORM, else this machine's own. */
export function choosePlatform(flag: string | undefined, environment = process.env): PlatformChoice {
  const named = namedPlatform(flag, environment);
  return named === undefined
    ? { platform: thisHost(), explicitPlatform: false }
    : { platform: named, explicitPlatform: true };
}

/** The platform that the user named, for reads that otherwise prefer the machine's own. */
export function namedPlatform(flag: string | undefined, environment = process.env): Platform | undefined {
  const given = flag || environment.DOCKER_DEFAULT_PLATFORM;
  return given ? parsePlatform(given, thisHost()) : undefined;
}

function thisHost(): HostPlatform {
  return hostPlatform(process.arch, readFileSync('/proc/cpuinfo', 'utf8'));
}
