import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** The commands of one engine for the jobs that are compared. Each is run to its end and timed. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Process names of daemons whose CPU time counts. */
  readonly daemons: readonly string[];
  /** Brings an image from the benchmark's registry; `round` names a store that has none of it yet, -1 the lasting one. */
  pull(image: string, round: number): readonly string[] | undefined;
  /** Makes the next {@link pull} find nothing. Not timed. */
  forget(image: string, round: number): readonly (readonly string[])[];
  run(image: string, network: 'bridge' | 'none', command: readonly string[]): readonly string[] | undefined;
  /** What `version`, `ps` and `images` are called; undefined where there is no such command. */
  query(what: 'version' | 'ps' | 'images'): readonly string[] | undefined;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** First line of what a command says of itself, or undefined when it does not answer. */
function answer(argv: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const [command = '', ...args] = argv;
  const result = spawnSync(command, args, { env, encoding: 'utf8', timeout: 20_000 });
  return result.status === 0 ? result.stdout.trim().split('\n')[0] : undefined;
}

/** The environment of every timed command: no extra CAs to parse, no proxy between it and loopback. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return { ...env, NO_PROXY: '*', no_proxy: '*' };
}

function tinyd(command: string, folder: string): Engine | undefined {
  const base = cleanEnvironment();
  const env = { ...base, TINYD_ROOT: join(folder, 'tinyd'), TINYD_STATE: join(folder, 'tinyd-state') };
  const version = answer([command, '--version'], env);
  if (version === undefined) return undefined;
  const fresh = (round: number) => ['--root', join(folder, `tinyd-${round}`)];
  return {
    name: 'tinyd',
    version: words(version).at(-1) ?? version,
    env,
    daemons: [],
    pull: (image, round) => [command, ...(round < 0 ? [] : fresh(round)), 'pull', '-q', image],
    forget: () => [],
    run: (image, network, argv) => [command, 'run', '--rm', '--network', network, image, ...argv],
    query: what => [command, what],
  };
}

function docker(): Engine | undefined {
  const env = cleanEnvironment();
  const command = words(process.env.TINYD_BENCH_DOCKER ?? 'docker');
  const version = answer([...command, 'version', '--format', '{{.Server.Version}}'], env);
  if (version === undefined) return undefined;
  return {
    name: 'docker',
    version,
    env,
    daemons: ['dockerd', 'containerd'],
    pull: image => [...command, 'pull', '-q', image],
    forget: image => [[...command, 'rmi', '-f', image]],
    run: (image, network, argv) => [...command, 'run', '--rm', '--network', network, image, ...argv],
    query: what => [...command, what],
  };
}

function podman(folder: string): Engine | undefined {
  const env = cleanEnvironment();
  const command = words(process.env.TINYD_BENCH_PODMAN ?? 'podman');
  const version = answer([...command, 'version', '--format', '{{.Client.Version}}'], env);
  if (version === undefined) return undefined;
  const fresh = (round: number) => [
    '--root',
    join(folder, `podman-${round}`),
    '--runroot',
    join(folder, `podman-run-${round}`),
  ];
  return {
    name: 'podman',
    version,
    env,
    daemons: [],
    pull: (image, round) => [
      ...command,
      ...(round < 0 ? [] : fresh(round)),
      'pull',
      '-q',
      '--tls-verify=false',
      image,
    ],
    forget: () => [],
    run: (image, network, argv) => [
      ...command,
      'run',
      '--rm',
      '--network',
      network === 'bridge' ? 'podman' : network,
      image,
      ...argv,
    ],
    query: what => [...command, what],
  };
}

function ctr(): Engine | undefined {
  const env = cleanEnvironment();
  const command = words(process.env.TINYD_BENCH_CTR ?? 'ctr');
  const version =
    answer([...command, 'version'], env) === undefined ? undefined : answer(['containerd', '--version'], env);
  if (version === undefined) return undefined;
  let serial = 0;
  return {
    name: 'ctr',
    version: words(version)[2] ?? version,
    env,
    daemons: ['containerd'],
    pull: image => [...command, 'image', 'pull', '--plain-http', image],
    forget: image => [[...command, 'image', 'rm', '--sync', image]],
    run: (image, network, argv) =>
      network === 'bridge'
        ? undefined
        : [...command, 'run', '--rm', image, `bench-${process.pid}-${++serial}`, ...argv],
    query: what =>
      what === 'version'
        ? [...command, 'version']
        : [...command, what === 'ps' ? 'container' : 'image', 'ls'],
  };
}

/** No engine, but what every command of tinyd rests on: a node that does nothing. */
function node(): Engine {
  return {
    name: 'node -e 0',
    version: process.versions.node,
    env: cleanEnvironment(),
    daemons: [],
    pull: () => undefined,
    forget: () => [],
    run: () => undefined,
    query: () => [process.execPath, '-e', '0'],
  };
}

/** The engines that answer on this machine, tinyd first. */
export function findEngines(tinydCommand: string, scratch: string): Engine[] {
  const folder = mkdtempSync(join(scratch, 'tinyd-bench-'));
  return [tinyd(tinydCommand, folder), docker(), podman(folder), ctr(), node()].filter(
    engine => engine !== undefined,
  );
}
