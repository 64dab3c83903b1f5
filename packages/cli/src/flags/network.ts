import { isIP } from 'node:net';
import { invalidFlag } from './invalid';

/** `--add-host name:address`, `name=address`; the address may be `host-gateway`. */
export function parseAddHost(flag: string, text: string): { name: string; address: string } {
  const at = text.search(/[=:]/);
  const name = text.slice(0, Math.max(at, 0));
  const address = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (name === '' || !/^[A-Za-z0-9_.-]+$/.test(name)) throw invalidFlag(flag, text, 'want HOST:ADDRESS');
  if (address !== 'host-gateway' && isIP(address) === 0) {
    throw invalidFlag(flag, text, `${JSON.stringify(address)} is no IP address`);
  }
  return { name, address };
}

/** `--dns 10.0.0.2`. */
export function parseDnsServer(flag: string, text: string): string {
  if (isIP(text) === 0) throw invalidFlag(flag, text, 'want an IP address');
  return text;
}

/** A search domain or resolver option: one word, so that it cannot add lines to resolv.conf. */
export function parseResolverWord(flag: string, text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw invalidFlag(flag, text, 'want one word without blanks');
  return text;
}

/** `--hostname` and `--domainname`: what sethostname(2) takes and other machines can read. */
export function parseHostname(flag: string, text: string): string {
  if (!/^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(text) || text.length > 63) {
    throw invalidFlag(flag, text, 'want up to 63 letters, digits, dots and hyphens');
  }
  return text;
}
