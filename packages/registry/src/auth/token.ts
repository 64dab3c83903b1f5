import { type CompiledValidator, parseJson, TinydError, validated } from '@tinyd/core';
import { token as tokenSchema } from '../generated/validators';
import { readLimited } from '../http/limit';
import type { HttpRequest, HttpResponse } from '../http/message';
import { networkFailure } from '../http/network-failure';
import { redactUrl } from '../http/redact';
import { sendFollowing } from '../http/redirect';
import { statusFailure } from '../http/status-failure';
import type { Transport } from '../http/transport';
import type { TrustSettings } from '../http/trust';
import type { Credentials } from './credentials';

/** A bearer token with the monotonic time from which on it should be renewed. */
export interface Token {
  readonly value: string;
  readonly renewAtMs: number;
}

/** Where and for what a token is asked. */
export interface TokenRequest {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scope: string;
  readonly credentials: Credentials | undefined;
  readonly userAgent: string;
  readonly signal: AbortSignal | undefined;
}

const CLIENT_ID = 'tinyd';
const LIMIT = 1024 * 1024;
/** The specification's value where a reply has none, and its least. */
const MIN_LIFE_SECONDS = 60;

/**
 * Asks a token server (distribution: token authentication). An identity token is exchanged by OAuth2 POST; user and
 * password go by GET, and by POST where the server knows only that.
 *
 * Fails with a TransientFailure or TinydError.
 */
export async function fetchToken(
  transport: Transport,
  request: TokenRequest,
  trust: TrustSettings,
): Promise<Token> {
  const { realm, credentials, signal } = request;
  try {
    let response: HttpResponse;
    if (credentials?.type === 'identity-token') {
      response = await transport.send(postRequest(request), trust);
    } else {
      response = await sendFollowing(transport, getRequest(request), trust);
      if (credentials?.type === 'password' && (response.status === 405 || response.status === 404)) {
        response.body.cancel();
        response = await transport.send(postRequest(request), trust);
      }
    }
    return await readToken(response, request);
  } catch (error) {
    throw networkFailure(error, realm, signal);
  }
}

function getRequest({ realm, service, scope, credentials, userAgent, signal }: TokenRequest): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== '') for (const one of scope.split(' ')) url.searchParams.append('scope', one);
  url.searchParams.set('client_id', CLIENT_ID);
  return { method: 'GET', url, headers: { 'user-agent': userAgent, ...basicHeader(credentials) }, signal };
}

function postRequest({ realm, service, scope, credentials, userAgent, signal }: TokenRequest): HttpRequest {
  const form = new URLSearchParams({
    client_id: CLIENT_ID,
    scope,
    ...(service !== undefined && { service }),
  });
  if (credentials?.type === 'identity-token') {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', credentials.token);
  } else if (credentials?.type === 'password') {
    form.set('grant_type', 'password');
    form.set('username', credentials.username);
    form.set('password', credentials.password);
  }
  const headers = { 'user-agent': userAgent, 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: realm, headers, body: form.toString(), signal };
}

/** The Authorization header of Basic authentication, if there are user and password. */
export function basicHeader(credentials: Credentials | undefined): { authorization?: string } {
  if (credentials?.type !== 'password') return {};
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

async function readToken(response: HttpResponse, { realm, credentials }: TokenRequest): Promise<Token> {
  const receivedMs = performance.now();
  if (response.status >= 400) {
    const anonymous = credentials === undefined;
    throw await statusFailure(response, { what: `a token from ${realm.host}`, anonymous });
  }
  const bytes = await readLimited(response, LIMIT, `the token of ${realm.host}`);
  const body = parseToken(bytes, realm);
  const value = body.token || body.access_token;
  // Control characters would end the header that carries the token.
  if (!value || /[^\x21-\x7e]/.test(value)) {
    throw new TinydError(
      'ERR_TINYD_REGISTRY_PROTOCOL',
      `cannot use the answer of ${redactUrl(realm)}: it has no token`,
    );
  }
  const lifeSeconds = Math.max(body.expires_in ?? MIN_LIFE_SECONDS, MIN_LIFE_SECONDS);
  return { value, renewAtMs: receivedMs + lifeSeconds * 800 };
}

function parseToken(
  bytes: Uint8Array,
  realm: URL,
): { token?: string; access_token?: string; expires_in?: number } {
  const what = `answer of ${redactUrl(realm)}`;
  try {
    return validated(tokenSchema as CompiledValidator, parseJson(bytes, what, LIMIT), what);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TinydError('ERR_TINYD_REGISTRY_PROTOCOL', `cannot use a token: ${reason}`, { cause });
  }
}
