import { type CompiledValidator, parseJson, validated } from '@tinyd/core';
import { errorBody } from '../generated/validators';
import { readStart } from './limit';
import { type HttpResponse, header } from './message';
import { printable } from './redact';

/** What a registry says about a failure; both may be empty. */
export interface ErrorEntry {
  /** `MANIFEST_UNKNOWN`, `TOOMANYREQUESTS`… (distribution-spec, Error Codes). */
  readonly code: string;
  /** On one line, fit for a terminal. */
  readonly message: string;
}

const LIMIT = 64 * 1024;

/** Reads a registry's error body. What is no such body, a proxy's page for one, becomes the start of its text. */
export async function readErrorBody(response: HttpResponse): Promise<ErrorEntry> {
  const bytes = await readStart(response, LIMIT);
  try {
    const value = parseJson(bytes, 'error body', LIMIT);
    const body = validated<{ errors: [{ code?: string; message?: string }] }>(
      errorBody as CompiledValidator,
      value,
      'error body',
    );
    const [{ code = '', message = '' }] = body.errors;
    return { code: printable(code, 60), message: printable(message || code) };
  } catch {
    return { code: '', message: plainText(bytes, header(response, 'content-type') ?? '') };
  }
}

function plainText(bytes: Uint8Array, contentType: string): string {
  const text = new TextDecoder().decode(bytes);
  if (!/html/i.test(contentType) && !/^\s*<(!doctype|html)/i.test(text)) return printable(text);
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1];
  return printable(title ?? text.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' '));
}
