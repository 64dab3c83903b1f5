import { DEFAULT_DOMAIN, TinydError } from '@tinyd/core';
import { isLoopback } from '../http/proxy';
import type { TrustSettings } from '../http/trust';
import { parseUrl } from '../http/url';
import type { Endpoint } from './endpoint';
import type { MirrorSettings, RegistriesConfig, RegistrySettings } from './registries';

/** docker.io is a label: its registry listens elsewhere. */
const HUB_HOST = 'registry-1.docker.io';
const HUB_TOKENS = { url: 'https://auth.docker.io/token', service: 'registry.docker.io' } as const;

/**
 * The servers to ask for a registry's content: mirrors in the configured order, the registry last.
 *
 * Fails with ERR_TINYD_REFERENCE_INVALID when the domain is no host to connect to.
 */
export function endpointsOf(domain: string, config: RegistriesConfig): Endpoint[] {
  const settings = (Object.hasOwn(config, domain) && config[domain]) || {};
  return [...(settings.mirrors ?? []).map(mirrorEndpoint), upstreamEndpoint(domain, settings)];
}

function mirrorEndpoint(mirror: MirrorSettings): Endpoint {
  const url = new URL(mirror.url);
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    name: url.origin + (path && `/${path}`),
    base: new URL(url.origin),
    pathPrefix: path && `${path}/`,
    isMirror: true,
    digestOnly: mirror.digestOnly ?? false,
    credentialsKey: url.host,
    mayUseCredentials: url.protocol === 'https:' || isLoopback(url.hostname),
    trust: trustOf(mirror),
  };
}

function upstreamEndpoint(domain: string, settings: RegistrySettings): Endpoint {
  const host = domain === DEFAULT_DOMAIN ? HUB_HOST : domain;
  const https = parseUrl(`https://${host}`);
  const http = parseUrl(`http://${host}`);
  if (https === undefined || http === undefined) {
    throw new TinydError(
      'ERR_TINYD_REFERENCE_INVALID',
      `cannot connect to ${JSON.stringify(domain)}: no such host or port can exist`,
    );
  }
  // docker speaks either with a registry on this machine; a port of its own is plain HTTP more often than not.
  const isOpen = isLoopback(http.hostname) && settings.plainHttp === undefined && http.port !== '443';
  const httpFirst = settings.plainHttp === true || (isOpen && https.port !== '');
  const [base, alternative] = httpFirst ? [http, https] : [https, http];
  return {
    name: domain,
    base,
    ...(isOpen && { alternative }),
    pathPrefix: '',
    isMirror: false,
    digestOnly: false,
    credentialsKey: domain,
    mayUseCredentials: !httpFirst || settings.plainHttp === true || isLoopback(base.hostname),
    trust: trustOf(settings),
    ...(domain === DEFAULT_DOMAIN && { tokenServer: { ...HUB_TOKENS, url: new URL(HUB_TOKENS.url) } }),
  };
}

function trustOf({ insecureSkipVerify, ca }: TrustSettings): TrustSettings {
  return { ...(insecureSkipVerify && { insecureSkipVerify }), ...(ca && { ca }) };
}
