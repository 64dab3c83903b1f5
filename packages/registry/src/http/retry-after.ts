import { type HttpResponse, header } from './message';

/**
 * How long a server asks to be left alone, by Retry-After in seconds or as a date (RFC 9110, 10.2.3).
 *
 * @param now milliseconds since the epoch; the response's own Date is used where it has one, since clocks differ.
 */
export function retryAfterMs(response: Pick<HttpResponse, 'headers'>, now = Date.now()): number | undefined {
  const value = header(response, 'retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Date.parse takes nearly anything; dates in HTTP begin with the day of the week.
  const until = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const served = Date.parse(header(response, 'date') ?? '');
  return Math.max(0, until - (Number.isNaN(served) ? now : served));
}
