import { type ErrorCode, TinydError, type TinydErrorOptions } from '@tinyd/core';
import { pullQuota } from '../quota';
import { type ErrorEntry, readErrorBody } from './error-body';
import type { HttpResponse } from './message';
import { redactUrl } from './redact';
import { retryAfterMs } from './retry-after';
import { TransientFailure } from './transient';

/** What was asked for, in the words of the error message, and as whom. */
export interface FailedRequest {
  /** "the manifest of nginx:1.99", "blob sha256:…". */
  readonly what: string;
  readonly anonymous: boolean;
}

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Reads what a response of status 400 or more means: a TinydError, or a {@link TransientFailure} around one.
 *
 * The response's body is used up.
 */
export async function statusFailure(
  response: HttpResponse,
  request: FailedRequest,
): Promise<TinydError | TransientFailure> {
  const entry = await readErrorBody(response);
  const { status } = response;
  const url = redactUrl(response.url);
  const details = { url, status, ...(entry.code && { registryCode: entry.code }) };
  const failure = (code: ErrorCode, reason: string, options: TinydErrorOptions = {}) =>
    new TinydError(code, `cannot fetch ${request.what}: ${reason}`, {
      ...options,
      details: { ...details, ...options.details },
    });

  if (status === 429) return rateLimited(response, entry, request, failure);
  if (status === 401)
    return failure(
      'ERR_TINYD_REGISTRY_UNAUTHORIZED',
      `access denied by ${response.url.host}`,
      loginHint(request),
    );
  if (status === 403) return failure('ERR_TINYD_REGISTRY_DENIED', said(response, entry), loginHint(request));
  if (status === 404) return notFound(response, entry, failure);
  if (TRANSIENT.has(status)) {
    const unavailable = failure('ERR_TINYD_REGISTRY_UNAVAILABLE', said(response, entry), {
      hint: 'try again later',
    });
    return new TransientFailure(unavailable, { retryAfterMs: retryAfterMs(response) });
  }
  return failure(
    status >= 500 ? 'ERR_TINYD_REGISTRY_UNAVAILABLE' : 'ERR_TINYD_REGISTRY_PROTOCOL',
    said(response, entry),
  );
}

type Failure = (code: ErrorCode, reason: string, options?: TinydErrorOptions) => TinydError;

function rateLimited(response: HttpResponse, entry: ErrorEntry, request: FailedRequest, failure: Failure) {
  const quota = pullQuota(response, request.anonymous);
  const isPullLimit = /pull rate limit/i.test(entry.message) || quota?.remaining === 0;
  const waitMs = retryAfterMs(response);
  const resetAt = waitMs === undefined ? undefined : timeText(Date.now() + waitMs);
  const details = {
    pullLimit: isPullLimit,
    anonymous: request.anonymous,
    ...(quota && { quota }),
    ...(resetAt && { resetAt }),
  };
  if (!isPullLimit) {
    const reason = `${response.url.host} asks for fewer requests${resetAt ? `, until ${resetAt}` : ''}`;
    const limited = failure('ERR_TINYD_REGISTRY_RATE_LIMIT', reason, { hint: 'try again later', details });
    return new TransientFailure(limited, { retryAfterMs: waitMs });
  }
  const hours = quota && Math.round(quota.windowSeconds / 360) / 10;
  const allowed = quota
    ? `${quota.limit} pulls in ${hours} h are used up`
    : 'the pulls it allows are used up';
  const whose = request.anonymous
    ? `without login${quota?.source ? ` from ${quota.source}` : ''}`
    : 'of this account';
  const wait = resetAt ? `wait until ${resetAt}` : hours ? `wait ${hours} h at most` : 'wait';
  return failure(
    'ERR_TINYD_REGISTRY_RATE_LIMIT',
    `pull rate limit of ${response.url.host}: ${allowed}, ${whose}`,
    {
      hint: `${request.anonymous ? 'log in with docker login' : 'use another account'}, configure a mirror, or ${wait}`,
      details,
    },
  );
}

/** ISO 8601 to the second: what a registry announces is no more exact. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

/** A registry knows the repository when it is only the tag that it misses (distribution-spec, MANIFEST_UNKNOWN). */
function notFound(response: HttpResponse, entry: ErrorEntry, failure: Failure): TinydError {
  if (entry.code === 'MANIFEST_UNKNOWN') {
    return failure('ERR_TINYD_REGISTRY_NOT_FOUND', 'the repository has no such tag or digest', {
      hint: 'check the tag',
      details: { missing: 'manifest' },
    });
  }
  if (entry.code === 'NAME_UNKNOWN') {
    return failure('ERR_TINYD_REGISTRY_NOT_FOUND', `${response.url.host} has no such repository`, {
      hint: 'check the name, or log in with docker login if the repository is private',
      details: { missing: 'repository' },
    });
  }
  // A manifest that is there names blobs that are: one that is not was lost.
  const isBlob = response.url.pathname.includes('/blobs/');
  return failure('ERR_TINYD_REGISTRY_NOT_FOUND', said(response, entry), {
    hint: isBlob
      ? 'the registry has lost a part of the image: have it pushed again'
      : 'check the name and the tag',
    details: { missing: 'content' },
  });
}

function loginHint({ anonymous }: FailedRequest): { hint: string } {
  return {
    hint: anonymous
      ? 'the repository does not exist or is private: check the name, or log in with docker login'
      : 'the repository does not exist, or this login may not read it',
  };
}

function said(response: HttpResponse, { message }: ErrorEntry): string {
  return `${response.url.host} answered ${response.status}${message ? `: ${message}` : ''}`;
}
