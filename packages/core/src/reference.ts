import { type Digest, isDigest } from './digest';
import { TinydError } from './errors';

/** A parsed image name in its canonical form (the grammar of distribution/reference). */
export interface Reference {
  /** Registry label with optional port: `docker.io`, `127.0.0.1:5000`. Not necessarily the network host. */
  readonly domain: string;
  /** Repository path within the registry: `library/nginx`. */
  readonly path: string;
  /** `latest` when the name had neither tag nor digest. Undefined for a name that had a digest only. */
  readonly tag?: string;
  readonly digest?: Digest;
  /** True when the name had neither tag nor digest, and `latest` was supplied. */
  readonly tagIsImplied: boolean;
}

/** The label of the registry that names without a domain belong to. */
export const DEFAULT_DOMAIN = 'docker.io';

const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';
const MAX_PATH = 255;
/** Longer than any legal name; keeps the patterns below away from megabytes of input. */
const MAX_TEXT = 1024;

const LABEL = '(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const IDENTIFIER = /^[0-9a-f]{64}$/;

/**
 * Reads an image name as docker does: `nginx`, `ghcr.io/o/app:v1`, `localhost:5000/app@sha256:…`.
 *
 * A name without a registry belongs to docker.io; one without tag and digest gets the tag `latest`. With both a tag
 * and a digest the digest decides and the tag is for display.
 *
 * Fails with ERR_TINYD_REFERENCE_INVALID.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty');
  if (text.length > MAX_TEXT) throw invalid(text, `it is longer than ${MAX_TEXT} characters`);
  if (text.includes('://'))
    throw invalid(text, 'it is a URL', 'leave the scheme out: registry.example/name:tag');
  if (IDENTIFIER.test(text)) throw invalid(text, 'cannot specify 64-byte hexadecimal strings');

  const { domain, rest } = splitDomain(text);
  if (!DOMAIN.test(domain)) throw invalid(text, `${quote(domain)} is no registry host`);

  const at = rest.indexOf('@');
  const digest = at < 0 ? undefined : rest.slice(at + 1);
  const tagged = at < 0 ? rest : rest.slice(0, at);
  const colon = tagged.indexOf(':');
  const path = colon < 0 ? tagged : tagged.slice(0, colon);
  const tag = colon < 0 ? undefined : tagged.slice(colon + 1);

  checkPath(text, path);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `${quote(tag)} is no tag`);
  if (digest === undefined) return { domain, path, tag: tag ?? 'latest', tagIsImplied: tag === undefined };
  if (!isDigest(digest)) throw invalid(text, `${quote(digest)} is no sha256 or sha512 digest`);
  return tag === undefined
    ? { domain, path, digest, tagIsImplied: false }
    : { domain, path, tag, digest, tagIsImplied: false };
}

/** The canonical form: `docker.io/library/nginx:latest`, `docker.io/library/nginx@sha256:…`, or with both. */
export function formatReference(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`;
}

/** docker's short form: `nginx:latest`, `ghcr.io/o/app:v1`. */
export function familiarName(reference: Reference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`;
}

/**
 * docker's short form without tag and digest, as the REPOSITORY column shows it: `nginx`.
 *
 * Unlike docker's it always reads back: `docker.io/ghcr.io/x` keeps its domain, since `ghcr.io/x` is another image.
 */
export function familiarRepository({ domain, path }: Pick<Reference, 'domain' | 'path'>): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  const official = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  const short = official.includes('/') ? path : official;
  const slash = short.indexOf('/');
  return slash > 0 && looksLikeDomain(short.slice(0, slash)) ? `${domain}/${path}` : short;
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The first component is a registry only if nothing on docker.io could be called that (splitDockerDomain). */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { domain: DEFAULT_DOMAIN, rest: OFFICIAL + text };
  const first = text.slice(0, slash);
  const isDomain = looksLikeDomain(first);
  const domain = !isDomain || first === LEGACY_DOMAIN ? DEFAULT_DOMAIN : first;
  const rest = isDomain ? text.slice(slash + 1) : text;
  return { domain, rest: domain === DEFAULT_DOMAIN && !rest.includes('/') ? OFFICIAL + rest : rest };
}

function looksLikeDomain(first: string): boolean {
  return first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
}

function checkPath(text: string, path: string): void {
  if (path.toLowerCase() !== path) throw invalid(text, 'repository name must be lowercase');
  if (path.length > MAX_PATH) throw invalid(text, `repository name is longer than ${MAX_PATH} characters`);
  const bad = path.split('/').find(component => !COMPONENT.test(component));
  if (bad === undefined) return;
  throw invalid(text, bad === '' ? 'a part of the name is empty' : `${quote(bad)} is no part of a name`);
}

function invalid(
  text: string,
  reason: string,
  hint = 'names look like nginx, nginx:1.27 or registry.example/team/app:tag',
) {
  return new TinydError('ERR_TINYD_REFERENCE_INVALID', `invalid reference ${quote(text)}: ${reason}`, {
    hint,
  });
}

/** JSON quoting makes control characters visible, so that a name cannot drive the terminal it is printed on. */
function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}
