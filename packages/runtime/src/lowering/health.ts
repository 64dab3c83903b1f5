import type { PreparedSpec } from '../lifecycle/prepare-spec';
import type { HealthPlan } from '../plan/health';
import type { Plan } from '../plan/plan';
import type { ContainerRecord } from '../record';
import { configuredHealthcheck, healthCommand } from '../spec/healthcheck';
import { lowerProcess } from './process';

/** docker's defaults, in milliseconds. */
const DEFAULT_INTERVAL = 30_000;
const DEFAULT_TIMEOUT = 30_000;
const DEFAULT_START_INTERVAL = 5000;
const DEFAULT_RETRIES = 3;

/** Lowers a container's health check: its process has the container's own user, environment and confinement. */
export function lowerHealth({ options }: ContainerRecord, prepared: PreparedSpec): Pick<Plan, 'health'> {
  const args = healthCommand(options);
  if (args === undefined) return {};
  const { Interval, Timeout, StartPeriod, StartInterval, Retries } = configuredHealthcheck(options) ?? {};
  const { seccomp } = prepared;
  const timeout = milliseconds(Timeout, DEFAULT_TIMEOUT);
  const health: HealthPlan = {
    process: lowerProcess(
      { ...prepared.spec.process, args, terminal: false },
      {
        masks: prepared.capabilities.masks,
        ...(seccomp.filter === undefined
          ? {}
          : { seccomp: { filter: seccomp.filter, flags: seccomp.flags } }),
        init: false,
        newSessionKeyring: false,
      },
    ),
    interval: milliseconds(Interval, DEFAULT_INTERVAL),
    timeout,
    startPeriod: milliseconds(StartPeriod, 0),
    startInterval: milliseconds(StartInterval, DEFAULT_START_INTERVAL),
    timeoutText: durationText(timeout),
    retries: Retries === undefined || Retries === 0 ? DEFAULT_RETRIES : Retries,
    onUnhealthy: options.healthOnFailure ?? 'none',
  };
  return { health };
}

function milliseconds(nanoseconds: number | undefined, standard: number): number {
  return nanoseconds === undefined || nanoseconds === 0 ? standard : Math.ceil(nanoseconds / 1e6);
}

/** A length of time as Go prints it: 250ms, 1.5s, 1m30s, 1h0m0s. */
function durationText(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor((ms % 3_600_000) / 60_000)];
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
