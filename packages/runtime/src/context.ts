import type { RuntimeLayout } from './layout';

/** What every verb works on: the folders of one tinyd. */
export interface RuntimeContext {
  readonly layout: RuntimeLayout;
}
