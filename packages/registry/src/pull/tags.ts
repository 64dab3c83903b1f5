import {
  type CompiledValidator,
  parseJson,
  type Reference,
  type SourceCall,
  TinydError,
  validated,
} from '@tinyd/core';
import { tagList } from '../generated/validators';
import { readLimited } from '../http/limit';
import { type HttpResponse, header } from '../http/message';
import { networkFailure } from '../http/network-failure';
import { parseUrl } from '../http/url';
import type { Session } from './session';

const PAGE = 1000;
const MAX_PAGES = 1000;
const LIMIT = 16 * 1024 * 1024;

/** Lists a repository's tags, page by page (distribution-spec, "Listing Tags"). */
export async function listTags(session: Session, reference: Reference, call: SourceCall): Promise<string[]> {
  const tags = new Set<string>();
  let query = `n=${PAGE}`;
  for (let page = 0; page < MAX_PAGES; page++) {
    const what = `the tags of ${reference.domain}/${reference.path}`;
    const path = `tags/list?${query}`;
    const request = {
      method: 'GET',
      repository: reference.path,
      path,
      headers: { accept: 'application/json' },
      what,
    } as const;
    const response = await session.request(request, call);
    for (const tag of await readPage(response, what, call)) tags.add(tag);
    const next = nextQuery(response);
    if (next === undefined) return [...tags];
    query = next;
  }
  throw new TinydError(
    'ERR_TINYD_REGISTRY_PROTOCOL',
    `cannot list the tags of ${reference.path}: they never end`,
  );
}

async function readPage(response: HttpResponse, what: string, call: SourceCall): Promise<readonly string[]> {
  try {
    const value = parseJson(await readLimited(response, LIMIT, what), 'tag list', LIMIT);
    return (
      validated<{ tags: readonly string[] | null }>(tagList as CompiledValidator, value, 'tag list').tags ??
      []
    );
  } catch (error) {
    throw networkFailure(error, response.url, call.signal);
  }
}

/** Only the query of `Link: <…>; rel="next"` is used: the next page is the same registry's, whatever the link says. */
function nextQuery(response: HttpResponse): string | undefined {
  const link = /<([^>]{1,4096})>\s*;[^,]*\brel="?next"?/i.exec(header(response, 'link') ?? '')?.[1];
  return link === undefined ? undefined : parseUrl(link, response.url)?.search.slice(1) || undefined;
}
