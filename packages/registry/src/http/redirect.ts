import { TinydError } from '@tinyd/core';
import { discard } from './limit';
import { type HttpRequest, type HttpResponse, header } from './message';
import { redactUrl } from './redact';
import type { Transport } from './transport';
import type { TrustSettings } from './trust';
import { parseUrl } from './url';

const MAX_HOPS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What belongs to the origin that was asked, and to no other (distribution-spec; CVE-2020-15157). */
const ORIGIN_BOUND = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * Sends a GET or HEAD and follows redirects: at most ten, never from HTTPS to HTTP, and without credentials once the
 * scheme, host or port changes.
 *
 * Fails with ERR_TINYD_REGISTRY_PROTOCOL, or as {@link Transport.send} does.
 */
export async function sendFollowing(
  transport: Transport,
  request: HttpRequest,
  trust: TrustSettings,
): Promise<HttpResponse> {
  let current = request;
  for (let hops = 0; ; hops++) {
    const sameHost = current.url.host === request.url.host;
    const response = await transport.send(current, sameHost ? trust : onlyCa(trust));
    const location = header(response, 'location');
    if (!REDIRECTS.has(response.status) || location === undefined) return response;
    await discard(response);
    if (hops === MAX_HOPS) throw protocolError(request.url, `more than ${MAX_HOPS} redirects`);
    current = redirected(current, location);
  }
}

function redirected(request: HttpRequest, location: string): HttpRequest {
  const url = parseUrl(location, request.url);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw protocolError(request.url, 'it redirects to what is no HTTP URL');
  if (request.url.protocol === 'https:' && url.protocol === 'http:') {
    throw protocolError(request.url, `it redirects from HTTPS to plain HTTP at ${url.host}`);
  }
  // Credentials in a Location would be sent as an Authorization header that nobody asked for.
  url.username = '';
  url.password = '';
  const kept = Object.entries(request.headers).filter(
    ([name]) => url.origin === request.url.origin || !ORIGIN_BOUND.has(name.toLowerCase()),
  );
  return { ...request, url, headers: Object.fromEntries(kept) };
}

/** An exception made for a registry is not one for wherever it redirects to. */
function onlyCa({ ca }: TrustSettings): TrustSettings {
  return ca === undefined ? {} : { ca };
}

function protocolError(url: URL, reason: string): TinydError {
  const shown = redactUrl(url);
  return new TinydError('ERR_TINYD_REGISTRY_PROTOCOL', `cannot fetch ${shown}: ${reason}`, {
    details: { url: shown },
  });
}
