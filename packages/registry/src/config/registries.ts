import { readFile } from 'node:fs/promises';
import { type CompiledValidator, parseJson, TinydError, validated } from '@tinyd/core';
import { registries as schema } from '../generated/validators';
import type { Environment } from '../http/proxy';
import { parseUrl } from '../http/url';

/** Where the host's administrator says how registries are reached. */
export const REGISTRIES_FILE = '/etc/tinyd/registries.json';

/** A server that holds copies of a registry's content. */
export interface MirrorSettings {
  /** `http://` or `https://`, host and port; a path goes in front of the repository's name. */
  readonly url: string;
  /** Never ask this mirror what a tag stands for. */
  readonly digestOnly?: boolean;
  readonly insecureSkipVerify?: boolean;
  readonly ca?: string;
}

/** How one registry is reached. */
export interface RegistrySettings {
  /** Tried in order before the registry itself. */
  readonly mirrors?: readonly MirrorSettings[];
  /** Speak HTTP without TLS, credentials included. */
  readonly plainHttp?: boolean;
  /** Accept any certificate. */
  readonly insecureSkipVerify?: boolean;
  /** File with PEM certificates to trust besides the system's. */
  readonly ca?: string;
}

/** Settings by registry, as it stands in image names. */
export type RegistriesConfig = Readonly<Record<string, RegistrySettings>>;

const LIMIT = 1024 * 1024;

/**
 * Reads registries.json (packages/registry/schema/registries.json) and puts the mirrors of TINYD_REGISTRY_MIRROR and
 * `mirrors`, each `HOST=URL[,HOST=URL…]`, before those of the file. A file that does not exist is an empty one.
 *
 * Fails with ERR_TINYD_REGISTRY_CONFIG.
 */
export async function readRegistriesConfig(
  path: string,
  mirrors: readonly string[],
  env: Environment,
): Promise<RegistriesConfig> {
  const config: Record<string, RegistrySettings> = Object.assign(
    Object.create(null),
    await readFileConfig(path),
  );
  const added = [...mirrors, env.TINYD_REGISTRY_MIRROR ?? '']
    .flatMap(list => list.split(','))
    .filter(item => item.trim() !== '');
  for (const item of added.reverse()) {
    const { host, mirror } = parseMirror(item.trim());
    config[host] = { ...config[host], mirrors: [mirror, ...(config[host]?.mirrors ?? [])] };
  }
  for (const { mirrors: list = [] } of Object.values(config))
    for (const { url } of list) checkMirrorUrl(url, path);
  return config;
}

async function readFileConfig(path: string): Promise<RegistriesConfig> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw invalid(`cannot read ${path}: ${(cause as Error).message}`, cause);
  }
  try {
    const value = parseJson(bytes, path, LIMIT);
    return (
      validated<{ registries?: RegistriesConfig }>(schema as CompiledValidator, value, path).registries ?? {}
    );
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function parseMirror(item: string): { host: string; mirror: MirrorSettings } {
  const [, host, url] = /^([^=\s/]+)=(https?:\/\/\S+)$/.exec(item) ?? [];
  if (host === undefined || url === undefined) {
    throw invalid(
      `cannot use the registry mirror ${JSON.stringify(item)}: want HOST=URL, as in docker.io=http://127.0.0.1:5000`,
    );
  }
  return { host: host === 'index.docker.io' ? 'docker.io' : host, mirror: { url } };
}

function checkMirrorUrl(text: string, path: string): void {
  const url = parseUrl(text);
  if (
    url !== undefined &&
    !url.username &&
    !url.search &&
    !url.hash &&
    /^\/([a-z0-9._/-]*)$/.test(url.pathname)
  )
    return;
  throw invalid(
    `cannot use the mirror URL ${JSON.stringify(text)} of ${path}: want http(s)://host[:port][/path]`,
  );
}

function invalid(message: string, cause?: unknown): TinydError {
  return new TinydError('ERR_TINYD_REGISTRY_CONFIG', message, cause === undefined ? {} : { cause });
}
