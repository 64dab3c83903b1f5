import { readFile } from 'node:fs/promises';
import type { Repositories, ServedBlob } from './content';
import type { Answer } from './fault';

/** A request as the server sees it, and as its log keeps it. */
export interface ReceivedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of a POST to the token server. */
  readonly body: string;
  /** What the path names; undefined for a path outside the API. */
  readonly target: RequestTarget | undefined;
}

/** What an API path names. */
export type RequestTarget =
  | { readonly type: 'base' | 'token' }
  | { readonly type: 'manifest' | 'blob' | 'tags'; readonly repository: string; readonly name: string };

/** Takes an API path apart (distribution-spec, "Endpoints"). */
export function targetOf(path: string): RequestTarget | undefined {
  const [plain = ''] = path.split('?', 1);
  if (plain === '/v2/' || plain === '/v2') return { type: 'base' };
  if (plain === '/token') return { type: 'token' };
  const [, repository, kind, name] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(plain) ?? [];
  if (repository === undefined || name === undefined) return undefined;
  return { type: kind === 'manifests' ? 'manifest' : kind === 'blobs' ? 'blob' : 'tags', repository, name };
}

/** The right answer to a request that was let in. */
export async function answer(
  request: ReceivedRequest,
  repositories: Repositories,
  ignoreRange: boolean,
): Promise<Answer> {
  const { method, target } = request;
  if (method !== 'GET' && method !== 'HEAD')
    return errorAnswer(405, 'UNSUPPORTED', 'The operation is unsupported.');
  if (target === undefined) return errorAnswer(404, 'NAME_UNKNOWN', 'no such path');
  if (!('repository' in target)) return jsonAnswer(200, {});
  const { repository, name } = target;
  if (!repositories.has(repository))
    return errorAnswer(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  if (target.type === 'tags') return tagsAnswer(request, repository, repositories.tags(repository));
  if (target.type === 'manifest') {
    const found = repositories.document(repository, name);
    if (found === undefined) return errorAnswer(404, 'MANIFEST_UNKNOWN', `manifest unknown: ${name}`);
    const { bytes, mediaType } = found.document;
    const headers = {
      'content-type': mediaType,
      'docker-content-digest': found.digest,
      'content-length': `${bytes.length}`,
    };
    return { status: 200, headers, body: bytes };
  }
  const blob = repositories.blob(repository, name);
  if (blob === undefined) return errorAnswer(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  return blobAnswer(request, name, await bytesOf(blob), ignoreRange);
}

/** An error in the form that the API prescribes. */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers: Answer['headers'] = {},
): Answer {
  return jsonAnswer(status, { errors: [{ code, message, detail: null }] }, headers);
}

/** A JSON document. */
export function jsonAnswer(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': `${body.length}`, ...headers },
    body,
  };
}

function blobAnswer(
  { headers }: ReceivedRequest,
  digest: string,
  bytes: Uint8Array,
  ignoreRange: boolean,
): Answer {
  const common = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  const [, first = '', last = ''] =
    /^bytes=(\d+)-(\d*)$/.exec(ignoreRange ? '' : String(headers.range ?? '')) ?? [];
  if (first === '')
    return { status: 200, headers: { ...common, 'content-length': `${bytes.length}` }, body: bytes };
  const start = Number(first);
  const end = last === '' ? bytes.length - 1 : Math.min(Number(last), bytes.length - 1);
  if (start > end)
    return errorAnswer(416, 'SIZE_INVALID', 'range not satisfiable', {
      'content-range': `bytes */${bytes.length}`,
    });
  const part = bytes.subarray(start, end + 1);
  const range = {
    'content-range': `bytes ${start}-${end}/${bytes.length}`,
    'content-length': `${part.length}`,
  };
  return { status: 206, headers: { ...common, ...range }, body: part };
}

/** Honours `n` and `last`, and points to the next page. */
function tagsAnswer({ path }: ReceivedRequest, name: string, all: readonly string[]): Answer {
  const query = new URLSearchParams(path.split('?')[1] ?? '');
  const last = query.get('last');
  const count = Number(query.get('n') ?? all.length);
  const rest = last === null ? all : all.filter(tag => tag > last);
  const tags = rest.slice(0, count);
  const more =
    tags.length < rest.length && `</v2/${name}/tags/list?n=${count}&last=${tags.at(-1)}>; rel="next"`;
  return jsonAnswer(200, { name, tags }, more ? { link: more } : {});
}

async function bytesOf(blob: ServedBlob): Promise<Uint8Array> {
  return blob instanceof Uint8Array ? blob : readFile(blob.path);
}
