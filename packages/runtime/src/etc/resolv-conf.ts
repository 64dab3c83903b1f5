import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { TinydError } from '@tinyd/core';

/** The three things a resolv.conf(5) says. */
export interface ResolverSettings {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** What docker falls back to when the host names none that a container could reach. */
const PUBLIC_RESOLVERS = ['8.8.8.8', '8.8.4.4'];

/** systemd-resolved's stub listens on the host's loopback; this file names the servers behind it. */
const STUB = '127.0.0.53';
const BEHIND_STUB = '/run/systemd/resolve/resolv.conf';

/**
 * The container's resolv.conf: the host's settings, each replaced by the user's `--dns…` where given.
 *
 * With a network of its own a container cannot reach the host's loopback: such servers are left out, and public ones
 * stand in when none remains. `--dns-search .` means no search list.
 */
export function resolvConf(host: ResolverSettings, user: ResolverSettings, ownNetwork: boolean): string {
  const reachable = ownNetwork ? host.nameservers.filter(server => !isLoopback(server)) : host.nameservers;
  const fallback = ownNetwork && reachable.length === 0 ? PUBLIC_RESOLVERS : reachable;
  const nameservers = user.nameservers.length > 0 ? user.nameservers : fallback;
  const search = (user.search.length > 0 ? user.search : host.search).filter(domain => domain !== '.');
  const options = user.options.length > 0 ? user.options : host.options;
  return [
    ...nameservers.map(server => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}

/**
 * Reads the host's settings; a missing file names no server.
 *
 * @param ownNetwork the container cannot reach a resolver on the host's loopback: the servers behind systemd's are named
 */
export function hostResolver(
  ownNetwork: boolean,
  path = '/etc/resolv.conf',
  behind = BEHIND_STUB,
): ResolverSettings {
  const settings = parseResolvConf(readIfThere(path));
  const onlyStub = settings.nameservers.length > 0 && settings.nameservers.every(server => server === STUB);
  if (!ownNetwork || !onlyStub) return settings;
  const { nameservers } = parseResolvConf(readIfThere(behind));
  return nameservers.length > 0 ? { ...settings, nameservers } : settings;
}

/** Parses resolv.conf(5): the last search or domain line counts, options add up. */
export function parseResolvConf(text: string): ResolverSettings {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    const first = words[0];
    if (keyword === 'nameserver' && first !== undefined) nameservers.push(first);
    else if (keyword === 'search' || keyword === 'domain') search = words;
    else if (keyword === 'options') options.push(...words);
  }
  return { nameservers, search, options };
}

/** Refuses servers that are no addresses, and words that would add lines. Fails with ERR_TINYD_OPTION_INVALID. */
export function checkResolverOptions(user: ResolverSettings): void {
  for (const server of user.nameservers) {
    if (isIP(server) === 0) throw invalid('--dns', server, 'not an IP address');
  }
  for (const domain of user.search) {
    if (!/^(\.|[A-Za-z0-9_][A-Za-z0-9_.-]*)$/.test(domain))
      throw invalid('--dns-search', domain, 'not a domain');
  }
  for (const option of user.options) {
    if (!/^[a-z0-9-]+(:\d+)?$/.test(option))
      throw invalid('--dns-option', option, 'not an option of resolv.conf(5)');
  }
}

function isLoopback(server: string): boolean {
  return server.startsWith('127.') || server === '::1';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function invalid(flag: string, value: string, why: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use ${flag} ${JSON.stringify(value)}: ${why}`, {
    details: { flag, value },
  });
}
