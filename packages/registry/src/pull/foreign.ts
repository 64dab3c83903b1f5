import { type Descriptor, isForeignLayerType, type SourceCall } from '@tinyd/core';
import type { HttpResponse } from '../http/message';
import { networkFailure } from '../http/network-failure';
import { redactUrl } from '../http/redact';
import { sendFollowing } from '../http/redirect';
import { statusFailure } from '../http/status-failure';
import type { Transport } from '../http/transport';
import { parseUrl } from '../http/url';
import type { EndpointRequest, Session } from './session';

/** What a blob is streamed from. */
export type BlobServer = Pick<Session, 'origin' | 'urlOf' | 'request'> & {
  readonly endpoint: Pick<Session['endpoint'], 'name' | 'isMirror'>;
};

/**
 * The addresses that a foreign layer's descriptor names, as servers to try before the registry. No credentials are sent
 * to them, whatever they answer (CVE-2020-15157).
 */
export function foreignServers(
  descriptor: Descriptor,
  transport: Transport,
  userAgent: string,
): BlobServer[] {
  if (!isForeignLayerType(descriptor.mediaType)) return [];
  return (descriptor.urls ?? []).flatMap(text => {
    const url = parseUrl(text);
    return url && /^https?:$/.test(url.protocol) ? [new ForeignServer(url, transport, userAgent)] : [];
  });
}

class ForeignServer implements BlobServer {
  readonly endpoint;
  readonly origin: string;
  readonly #url: URL;
  readonly #transport: Transport;
  readonly #userAgent: string;

  constructor(url: URL, transport: Transport, userAgent: string) {
    url.username = '';
    url.password = '';
    this.#url = url;
    this.#transport = transport;
    this.#userAgent = userAgent;
    this.origin = url.origin;
    this.endpoint = { name: redactUrl(url), isMirror: true };
  }

  urlOf(): URL {
    return this.#url;
  }

  async request({ method, headers, what }: EndpointRequest, call: SourceCall): Promise<HttpResponse> {
    const request = {
      method,
      url: this.#url,
      headers: { ...headers, 'user-agent': this.#userAgent },
      signal: call.signal,
    };
    let response: HttpResponse;
    try {
      response = await sendFollowing(this.#transport, request, {});
    } catch (error) {
      throw networkFailure(error, this.#url, call.signal);
    }
    if (response.status < 400) return response;
    throw await statusFailure(response, { what, anonymous: true });
  }
}
