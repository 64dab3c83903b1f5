import type { ResolverSettings } from '../../etc/resolv-conf';

/** Where the embedded resolver answers inside a container: docker's address. */
export const RESOLVER_ADDRESS = '127.0.0.11';

/** Every name goes to the resolver as it is before the search list is tried: `web` is a whole name here. */
const NDOTS = 'ndots:0';

/** True where `ndots` is among the options of a resolv.conf(5). */
export function setsNdots(options: readonly string[]): boolean {
  return options.some(option => /^ndots:\d+$/.test(option));
}

/**
 * The resolv.conf of a container on user-defined networks: the embedded resolver, the search list and the options of
 * the user or else of the host. `--dns` servers are not named here; the resolver asks them (`dnsService`).
 */
export function embeddedResolvConf(host: ResolverSettings, user: ResolverSettings): string {
  const search = (user.search.length > 0 ? user.search : host.search).filter(domain => domain !== '.');
  const given = user.options.length > 0 ? user.options : host.options;
  const options = given.filter(option => !option.startsWith('ndots') || setsNdots([option]));
  const all = setsNdots(options) ? options : [...options, NDOTS];
  return [
    `nameserver ${RESOLVER_ADDRESS}`,
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    `options ${all.join(' ')}`,
    '',
  ].join('\n');
}
