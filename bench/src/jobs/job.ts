import type { OpenEngine, Session } from '../session/session';

/** Something to measure. */
export interface Job {
  /** `run-bridge`: for --only, the goals and the report. */
  readonly id: string;
  /** What a reader is told. */
  readonly title: string;
}

/** A job in which engines run containers from the small image, in stores that stay open. */
export interface ContainerJob extends Job {
  run(session: Session, engines: readonly OpenEngine[]): void;
}

/** A job that makes its stores itself. */
export interface StoreJob extends Job {
  run(session: Session): void;
}
