import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a container engine can leave behind on a host, one line a thing, sorted.
 *
 * Things made once per host and meant to stay are left out: the bridge itself, the static firewall table, the
 * `/tinyd` cgroups that hold the containers' own, and in them that of the monitors.
 */
export function hostState(): string[] {
  return [
    ...mounts(),
    ...links(),
    ...namedNamespaces(),
    ...cgroups(),
    ...processes(),
    ...portElements(),
  ].sort();
}

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trim()
    .split('\n')
    .map(line => `mount ${line.split(' ')[4]}`);
}

function links(): string[] {
  return readdirSync('/sys/class/net')
    .filter(name => !/^tinyd(0|-[0-9a-f]{8})$/.test(name))
    .map(name => `link ${name}`);
}

function namedNamespaces(): string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns').map(name => `netns ${name}`) : [];
}

function cgroups(): string[] {
  const base = '/sys/fs/cgroup';
  const roots = [base, ...readdirSync(base).map(name => join(base, name))].map(path => join(path, 'tinyd'));
  return roots
    .filter(path => existsSync(path))
    .flatMap(path =>
      readdirSync(path, { withFileTypes: true })
        .filter(entry => entry.isDirectory() && entry.name !== 'monitors')
        .map(entry => `cgroup ${join(path, entry.name)}`),
    );
}

function processes(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => commandOf(pid))
    .filter(command => /^tinyd[:-]/.test(command))
    .map(command => `process ${command}`);
}

/** The name of a living process; a zombie holds nothing any more, and when it is reaped is its parent's affair. */
function commandOf(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return stat[end + 2] === 'Z' ? '' : stat.slice(stat.indexOf('(') + 1, end);
  } catch {
    return '';
  }
}

function portElements(): string[] {
  try {
    const text = execFileSync('nft', ['-j', 'list', 'ruleset'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { nftables } = JSON.parse(text) as {
      nftables: { map?: { table: string; name: string; elem?: unknown[] } }[];
    };
    return nftables
      .flatMap(({ map }) =>
        map?.table.startsWith('tinyd')
          ? (map.elem ?? []).map(element => `${map.name} ${JSON.stringify(element)}`)
          : [],
      )
      .map(element => `nft ${element}`);
  } catch {
    return [];
  }
}
