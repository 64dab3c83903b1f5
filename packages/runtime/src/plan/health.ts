import type { ProcessPlan } from './process';

/** docker's health checks, run by the monitor. Times in milliseconds, at least 1 but for the start period. */
export interface HealthPlan {
  /** Joins the container each time. An exit status of 0 is well. */
  readonly process: ProcessPlan;
  readonly interval: number;
  readonly timeout: number;
  /** As long after the start failures do not count, unless it has been well. */
  readonly startPeriod: number;
  /** In place of `interval` meanwhile. */
  readonly startInterval: number;
  /** The timeout as the log of probes names it: Go's `1.5s`. */
  readonly timeoutText: string;
  /** So many failures in a row are unhealthy. */
  readonly retries: number;
  /** What follows then. */
  readonly onUnhealthy: 'none' | 'kill' | 'restart' | 'stop';
}
