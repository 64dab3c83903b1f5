import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's newest engines, unpacked aside by --install: see install.ts. */
export const UNPACKED = join(__dirname, '../../.cache/unpacked');

/** The environment of every command: no extra CAs to parse, no proxy between it and loopback, unpacked engines first. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(NODE_EXTRA_CA_CERTS|DOCKER_HOST|DOCKER_CONTEXT|TINYD_.*|CONTAINERS?_.*|\w+_proxy)$/i.test(name),
  );
  const path = [
    join(UNPACKED, 'usr/sbin'),
    join(UNPACKED, 'usr/bin'),
    process.env.PATH,
    '/usr/sbin',
    '/sbin',
  ];
  return { ...Object.fromEntries(kept), NO_PROXY: '*', PATH: path.join(delimiter) };
}

/** True when a program of that name would be found. */
export function hasProgram(name: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '').split(delimiter).some(folder => folder !== '' && existsSync(join(folder, name)));
}

/** True when the dynamic loader would find a library of that name. */
export function hasLibrary(name: string): boolean {
  const result = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  return result.status === 0 && result.stdout.includes(`\t${name} (`);
}

/** The first version number that a command prints, or undefined when it does not run. */
export function versionOf(argv: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { env, encoding: 'utf8', timeout: 20_000 });
  if (result.status !== 0) return undefined;
  return /\d+\.\d+[\w.~-]*/.exec(result.stdout)?.[0] ?? result.stdout.trim().split('\n')[0];
}
