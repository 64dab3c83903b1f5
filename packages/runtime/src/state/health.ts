import { readFileSync } from 'node:fs';
import { systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';
import type { ContainerRecord } from '../record';
import { healthCommand } from '../spec/healthcheck';

/** docker's words; `none`: it has no health check. */
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** What the monitor has found, with docker's keys. */
export interface Health {
  readonly Status: Exclude<HealthStatus, 'none'>;
  /** Failures since it was well. */
  readonly FailingStreak: number;
  /** The last five, oldest first. */
  readonly Log: readonly {
    readonly Start: string;
    readonly End: string;
    /** -1: it could not be run, or took too long. */
    readonly ExitCode: number;
    readonly Output: string;
  }[];
}

const UNKNOWN_YET: Health = { Status: 'starting', FailingStreak: 0, Log: [] };

/** How a container that was started at least once is; undefined when it has no health check. */
export function readHealth(record: ContainerRecord, paths: ContainerLayout): Health | undefined {
  return healthCommand(record.options) === undefined ? undefined : readHealthFile(paths);
}

/** The same of one that has a health check. */
export function readHealthFile(paths: ContainerLayout): Health {
  try {
    return JSON.parse(readFileSync(paths.health, 'utf8')) as Health;
  } catch (error) {
    // Just started; or what a power cut leaves of a file that was not flushed.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return UNKNOWN_YET;
    throw error;
  }
}
