import type { RuntimeLayout } from './layout';

/** A container that ended without its monitor, and what became of it. */
export interface SettledContainer {
  readonly id: string;
  readonly name: string;
  /** Why its monitor did not record the end itself. */
  readonly reason: string;
  /** Its restart policy brought it back; with `failure`, tried to. */
  readonly restarted: boolean;
  /** Its restart policy would have it run; `boot` starts it. */
  readonly awaitsBoot: boolean;
  readonly failure?: unknown;
}

/** What was wrong under containers that run, and what was done about it. */
export interface NetworkRepair {
  /** Name of the network on which it was noticed; what was put back may concern others too. */
  readonly network: string;
  /** In one line. */
  readonly text: string;
}

/** What every verb works on: the folders of one tinyd. */
export interface RuntimeContext {
  readonly layout: RuntimeLayout;
  /** Told of every container whose end was recorded in place of its monitor. */
  readonly onSettled?: (settled: SettledContainer) => void;
  /** Told of everything that was put back under containers that run, or could not be. */
  readonly onNetworkRepair?: (repair: NetworkRepair) => void;
  /** All that `onNetworkRepair` was told. */
  readonly repairs: NetworkRepair[];
}
