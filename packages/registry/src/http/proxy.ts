import { BlockList, isIP } from 'node:net';
import { TinydError } from '@tinyd/core';
import { parseUrl, portOf } from './url';

/** The environment that a client reads: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper or lower case, with the rules of Go's httpproxy:
 * loopback is never proxied; NO_PROXY entries are `*`, a host (subdomains included), `.domain` (subdomains only), an
 * address or a CIDR, each but CIDR with an optional port.
 *
 * Fails with ERR_TINYD_REGISTRY_CONFIG when the proxy's own URL cannot be used.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = env[name] || env[name.toLowerCase()];
  if (!value || isLoopback(url.hostname)) return undefined;
  const exceptions = env.NO_PROXY || env.no_proxy || '';
  if (exceptions.split(',').some(rule => excludes(rule.trim().toLowerCase(), url))) return undefined;
  const proxy = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (proxy?.protocol === 'http:') return proxy;
  throw new TinydError('ERR_TINYD_REGISTRY_CONFIG', `cannot use the proxy of ${name}: want http://host:port`);
}

/** True for `localhost`, 127.0.0.0/8 and ::1; accepts the brackets of a URL's host. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname);
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function excludes(rule: string, url: URL): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  const host = bare(url.hostname);
  if (rule.includes('/')) return isInSubnet(host, rule);
  const [, ruleHost = rule, rulePort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(rule) ?? [];
  if (rulePort !== undefined && rulePort !== portOf(url)) return false;
  const name = bare(ruleHost.replace(/^\*(?=\.)/, ''));
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

function isInSubnet(host: string, rule: string): boolean {
  const [address = '', bits = ''] = rule.split('/');
  const family = isIP(address);
  if (
    family === 0 ||
    isIP(host) !== family ||
    !/^\d+$/.test(bits) ||
    Number(bits) > (family === 4 ? 32 : 128)
  )
    return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
