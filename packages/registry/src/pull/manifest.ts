import {
  type Descriptor,
  type FetchedDocument,
  familiarName,
  isDigest,
  LIMITS,
  MEDIA_TYPES,
  parseDigest,
  parseManifestDocument,
  type Reference,
  type SourceCall,
  TinydError,
} from '@tinyd/core';
import { readLimited } from '../http/limit';
import { type HttpResponse, header } from '../http/message';
import { networkFailure } from '../http/network-failure';
import { printable } from '../http/redact';
import type { EndpointRequest, Session } from './session';
import { digestOf, verifyContent, verifyDigest } from './verify';

/** Without this list old registries answer with schema 1 (distribution-spec, content negotiation). */
const ACCEPT = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerList,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
].join(', ');

/** The answer to a request for a manifest, and whether it told what a pull costs. */
export interface ManifestAnswer<T> {
  readonly value: T;
  readonly response: HttpResponse;
}

/** Asks for a reference's descriptor with a HEAD, which is free. The value is undefined when the answer does not tell. */
export async function headManifest(
  session: Session,
  reference: Reference,
  call: SourceCall,
): Promise<ManifestAnswer<Descriptor | undefined>> {
  const request = manifestRequest('HEAD', reference, reference.digest ?? reference.tag ?? '');
  const response = await session.request(request, call);
  const digest = header(response, 'docker-content-digest');
  const length = header(response, 'content-length');
  const mediaType = (header(response, 'content-type') ?? '').split(';', 1).join('').trim().toLowerCase();
  response.body.cancel();
  if (!isDigest(digest) || !length || !/^\d{1,15}$/.test(length) || mediaType === '')
    return { value: undefined, response };
  if (reference.digest !== undefined && digest !== reference.digest) throw headerDisagrees(reference, digest);
  if (Number(length) > LIMITS.manifestBytes) throw tooLong(reference);
  return { value: { mediaType, digest, size: Number(length) }, response };
}

/** Fetches and verifies a manifest or index: the one `descriptor` names, else the reference's. */
export async function getManifest(
  session: Session,
  reference: Reference,
  descriptor: Descriptor | undefined,
  call: SourceCall,
): Promise<ManifestAnswer<FetchedDocument>> {
  const wanted = descriptor?.digest ?? reference.digest;
  const request = manifestRequest('GET', reference, wanted ?? reference.tag ?? '');
  const response = await session.request(request, call);
  const limit = Math.min(descriptor?.size ?? LIMITS.manifestBytes, LIMITS.manifestBytes);
  if (/^text\/html\b/i.test(header(response, 'content-type') ?? '')) throw webPage(response, request.what);
  const bytes = await readBody(response, limit, request.what, call);

  const told = header(response, 'docker-content-digest');
  if (descriptor !== undefined) verifyContent(bytes, descriptor, request.what);
  else if (wanted !== undefined) verifyDigest(bytes, wanted, request.what);
  else if (told !== undefined) verifyDigest(bytes, checkedHeader(told, reference), request.what);

  const { mediaType } = parseManifestDocument(
    bytes,
    agreedType(header(response, 'content-type'), descriptor),
  );
  const digest = wanted ?? digestOf(bytes);
  return { value: { descriptor: { ...descriptor, mediaType, digest, size: bytes.length }, bytes }, response };
}

function manifestRequest(method: 'GET' | 'HEAD', reference: Reference, name: string): EndpointRequest {
  const { path: repository, domain } = reference;
  const what = isDigest(name)
    ? `manifest ${name} of ${familiarName({ domain, path: repository, tagIsImplied: false })}`
    : familiarName(reference);
  return {
    method,
    repository,
    path: `manifests/${name}`,
    headers: { accept: ACCEPT, 'accept-encoding': 'identity' },
    what,
  };
}

async function readBody(
  response: HttpResponse,
  limit: number,
  what: string,
  call: SourceCall,
): Promise<Uint8Array> {
  try {
    return await readLimited(response, limit, what);
  } catch (error) {
    throw networkFailure(error, response.url, call.signal);
  }
}

/** An index names its entries' types; a response that calls one something else is an attempt at confusion. */
function agreedType(contentType: string | undefined, descriptor: Descriptor | undefined): string | undefined {
  const sent = contentType?.split(';', 1).join('').trim().toLowerCase();
  const isGeneric = sent === undefined || !sent.includes('vnd.');
  if (descriptor === undefined) return contentType;
  if (isGeneric || sent === descriptor.mediaType) return descriptor.mediaType;
  throw new TinydError(
    'ERR_TINYD_DOCUMENT_INVALID',
    `invalid image manifest: ${descriptor.digest} is described as ${printable(descriptor.mediaType, 80)} and sent as ${printable(sent, 80)}`,
  );
}

function checkedHeader(told: string, reference: Reference) {
  try {
    return parseDigest(told);
  } catch {
    throw headerDisagrees(reference, told);
  }
}

function headerDisagrees(reference: Reference, told: string): TinydError {
  const message = `cannot use ${familiarName(reference)}: the registry says its digest is ${printable(told, 80)}`;
  return new TinydError('ERR_TINYD_CONTENT_DIGEST', message, {
    details: { expected: reference.digest, actual: printable(told, 200) },
  });
}

/** What a proxy or a hotel's network puts in place of an answer. */
function webPage(response: HttpResponse, what: string): TinydError {
  response.body.cancel();
  const message = `cannot fetch ${what}: ${response.url.host} answered with a web page`;
  return new TinydError('ERR_TINYD_REGISTRY_PROTOCOL', message, {
    hint: 'is there a proxy or a login page on the way?',
  });
}

function tooLong(reference: Reference): TinydError {
  const message = `cannot use ${familiarName(reference)}: its manifest is longer than ${LIMITS.manifestBytes} bytes`;
  return new TinydError('ERR_TINYD_CONTENT_SIZE', message, { details: { limitBytes: LIMITS.manifestBytes } });
}
