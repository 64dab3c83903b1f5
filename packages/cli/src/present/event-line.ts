import type { EventDocument } from '@tinyd/runtime';
import { compileTemplate } from '../template/evaluate';
import { toJson } from '../template/value';
import { stripControls } from './strip-controls';

/** How events are printed: docker's line, `json`, or a template. */
export function eventPrinter(format: string | undefined): (event: EventDocument) => string {
  if (format === undefined || format === '') return eventLine;
  if (format === 'json' || /^\{\{ *json +\. *\}\}$/.test(format)) return eventJson;
  const template = compileTemplate(format);
  return event => template(templateFields(event));
}

/** `2026-01-02T15:04:05.000000000Z container start <id> (image=nginx, name=web)`, in the local zone. */
function eventLine({ Type, Action, Actor, timeNano }: EventDocument): string {
  const attributes = Object.entries(Actor.Attributes)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const shown = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`;
  return stripControls(`${nanoTime(timeNano)} ${Type} ${Action} ${Actor.ID}${shown}`);
}

/** RFC 3339 with nine decimals. */
function nanoTime(timeNano: bigint): string {
  const date = new Date(Number(timeNano / 1_000_000n));
  const two = (value: number) => String(value).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const far = Math.abs(offset);
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(Math.trunc(far / 60))}:${two(far % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${clock}.${String(timeNano % 1_000_000_000n).padStart(9, '0')}${zone}`;
}

/** docker's keys, in its order; timeNano has more digits than a number of JavaScript. */
function eventJson({ timeNano, ...rest }: EventDocument): string {
  return `${toJson(rest).slice(0, -1)},"timeNano":${timeNano}}`;
}

function templateFields(event: EventDocument): object {
  const { status = '', id = '', from = '', Type, Action, Actor, scope, time, timeNano } = event;
  const fields = { Status: status, ID: id, From: from, Type, Action, Actor };
  return { ...fields, Scope: scope, Time: time, TimeNano: String(timeNano) };
}
