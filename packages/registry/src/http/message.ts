/** One HTTP request, as it goes out: no redirects, no authentication. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The answer to one request; its body must be read to the end or cancelled. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What answered, after redirects. */
  readonly url: URL;
  readonly body: ResponseBody;
}

/** Bytes as they arrive. Leaving the loop early closes the connection. */
export interface ResponseBody extends AsyncIterable<Uint8Array> {
  cancel(): void;
}

/** The first value of a header, however often it was sent. */
export function header(response: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** All values of a header, one per line sent. */
export function headerLines(response: Pick<HttpResponse, 'headers'>, name: string): readonly string[] {
  const value = response.headers[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
