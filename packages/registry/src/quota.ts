import type { PullQuota } from '@tinyd/core';
import { type HttpResponse, header } from './http/message';
import { printable } from './http/redact';

/** Hub's window, for servers that send plain numbers. */
const DEFAULT_WINDOW_SECONDS = 6 * 3600;

/** Reads `ratelimit-limit: 100;w=21600` and its like; undefined where a registry does not count pulls. */
export function pullQuota(
  response: Pick<HttpResponse, 'headers'>,
  anonymous: boolean,
): PullQuota | undefined {
  const limit = parse(header(response, 'ratelimit-limit'));
  const remaining = parse(header(response, 'ratelimit-remaining'));
  if (limit === undefined || remaining === undefined) return undefined;
  const source = header(response, 'docker-ratelimit-source');
  return {
    limit: limit.count,
    remaining: remaining.count,
    windowSeconds: remaining.windowSeconds ?? limit.windowSeconds ?? DEFAULT_WINDOW_SECONDS,
    anonymous,
    ...(source && { source: printable(source, 80) }),
  };
}

function parse(value: string | undefined): { count: number; windowSeconds: number | undefined } | undefined {
  const [, count, window] = /^\s*(\d{1,12})\s*(?:;\s*w=(\d{1,9}))?/.exec(value ?? '') ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), windowSeconds: window === undefined ? undefined : Number(window) };
}
