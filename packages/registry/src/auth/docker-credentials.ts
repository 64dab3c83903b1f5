import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type CompiledValidator, DEFAULT_DOMAIN, parseJson, TinydError, validated } from '@tinyd/core';
import { dockerConfig } from '../generated/validators';
import type { Environment } from '../http/proxy';
import { credentialsFromHelper } from './credential-helper';
import type { Credentials, CredentialsLookup } from './credentials';

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>> | null;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>> | null;
}

const LIMIT = 16 * 1024 * 1024;
/** The key that docker login uses for docker.io, and the server that helpers are asked about. */
const HUB_KEY = 'https://index.docker.io/v1/';

/**
 * Reads docker's credentials: $DOCKER_AUTH_CONFIG, then `config.json` in $DOCKER_CONFIG or ~/.docker, there first
 * `credHelpers`, then `credsStore`, then `auths`.
 *
 * The lookup fails with ERR_TINYD_CREDENTIALS when a file cannot be read as such; a helper that is missing or fails only
 * means no credentials, and is told to `onWarning`.
 */
export function dockerCredentials(
  env: Environment,
  onWarning: (text: string) => void = () => {},
): CredentialsLookup {
  let configs: Promise<DockerConfig[]> | undefined;
  return async domain => {
    configs ??= readConfigs(env);
    for (const config of await configs) {
      const found = await fromConfig(config, domain, env, onWarning);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function readConfigs(env: Environment): Promise<DockerConfig[]> {
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  const file = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new TinydError('ERR_TINYD_CREDENTIALS', `cannot read ${path}: ${cause.message}`, { cause });
  });
  const inline = env.DOCKER_AUTH_CONFIG;
  return [
    ...(inline ? [parseConfig(Buffer.from(inline), '$DOCKER_AUTH_CONFIG')] : []),
    ...(file ? [parseConfig(file, path)] : []),
  ];
}

function parseConfig(bytes: Uint8Array, where: string): DockerConfig {
  try {
    return validated<DockerConfig>(dockerConfig as CompiledValidator, parseJson(bytes, where, LIMIT), where);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TinydError('ERR_TINYD_CREDENTIALS', `cannot read credentials: ${reason}`, { cause });
  }
}

async function fromConfig(
  config: DockerConfig,
  domain: string,
  env: Environment,
  onWarning: (text: string) => void,
): Promise<Credentials | undefined> {
  const keys = keysFor(domain);
  const helperKey = keys.find(key => config.credHelpers && Object.hasOwn(config.credHelpers, key));
  const helper = (helperKey !== undefined && config.credHelpers?.[helperKey]) || config.credsStore;
  if (helper) {
    const found = await credentialsFromHelper(
      helper,
      domain === DEFAULT_DOMAIN ? HUB_KEY : domain,
      env,
      onWarning,
    );
    if (found !== undefined) return found;
  }
  for (const [key, entry] of Object.entries(config.auths ?? {})) {
    if (keys.includes(bareKey(key))) {
      const found = fromEntry(entry, domain);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function fromEntry(entry: AuthEntry, domain: string): Credentials | undefined {
  if (entry.identitytoken) return { type: 'identity-token', token: entry.identitytoken };
  if (entry.registrytoken) return { type: 'registry-token', token: entry.registrytoken };
  if (entry.auth) {
    const [, username, password] =
      /^([^:]*):([\s\S]*)$/.exec(Buffer.from(entry.auth, 'base64').toString()) ?? [];
    if (username === undefined || password === undefined) {
      throw new TinydError(
        'ERR_TINYD_CREDENTIALS',
        `cannot read the credentials for ${domain}: "auth" is not base64 of user:password`,
      );
    }
    // Old clients padded with zero bytes.
    return { type: 'password', username, password: password.replace(/\0+$/, '') };
  }
  const { username, password } = entry;
  return username && password ? { type: 'password', username, password } : undefined;
}

function keysFor(domain: string): string[] {
  return domain === DEFAULT_DOMAIN
    ? ['index.docker.io', 'docker.io', 'registry-1.docker.io', HUB_KEY]
    : [domain];
}

/** Keys stand with and without scheme and API version: `https://registry.example/v2/`. */
function bareKey(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
