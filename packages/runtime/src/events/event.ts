import type { ContainerRecord } from '../record';

/** What something happened to. */
export type EventType = 'container' | 'image' | 'volume' | 'network';

/** Something that happened, before it has a time. */
export interface EventNote {
  readonly type: EventType;
  /** docker's words: `start`, `exec_create: sh -c true`, `health_status: healthy`. */
  readonly action: string;
  /** ID of a container or network, name of a volume, name or ID of an image. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An event as docker's API has it: a line of the journal, and what `events --format json` prints. */
export interface EventDocument {
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'local';
  /** Seconds since the epoch. */
  readonly time: number;
  /** Nanoseconds since the epoch: more digits than a number of JavaScript keeps, so read from the line itself. */
  readonly timeNano: bigint;
}

/** What every event of a container says of it: its labels, its image, its name. */
export function containerAttributes({ name, options }: ContainerRecord): Record<string, string> {
  const labels = { ...(options.image.config.config?.Labels ?? {}), ...options.labels };
  return { ...labels, image: options.image.name, name };
}

/** The line of the journal for an event at a time, in nanoseconds; docker's order of keys. */
export function eventLine({ type, action, id, attributes }: EventNote, timeNs: bigint): string {
  // The keys of before version 1.10, which scripts still read.
  const status = ['container', 'image'].includes(type) ? `"status":${JSON.stringify(action)},` : '';
  const old = status === '' ? '' : `${status}${oldMembers(id, attributes)},`;
  const actor = `{"ID":${JSON.stringify(id)},"Attributes":${JSON.stringify(attributes)}}`;
  const seconds = timeNs / 1_000_000_000n;
  return `{${old}"Type":"${type}","Action":${JSON.stringify(action)},"Actor":${actor},"scope":"local","time":${seconds},"timeNano":${timeNs}}\n`;
}

/** `id` and `from`, as an event of a container or an image begins. */
export function oldMembers(id: string, { image }: Readonly<Record<string, string>>): string {
  const from = image === undefined ? '' : `,"from":${JSON.stringify(image)}`;
  return `"id":${JSON.stringify(id)}${from}`;
}
