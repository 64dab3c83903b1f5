import { invalidDocument } from './json';

/** A function that ajv compiled; it leaves what it found wrong in its own `errors`. */
export interface CompiledValidator {
  (value: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/**
 * Returns the value as a `T` once its schema accepts it.
 *
 * @param validator one made by packages/core/scripts/compile-schemas.mjs, for a schema that describes `T`.
 *
 * Fails with ERR_TINYD_DOCUMENT_INVALID, naming the first place where they differ.
 */
export function validated<T>(validator: CompiledValidator, value: unknown, what: string): T {
  if (validator(value)) return value as T;
  const [first] = validator.errors ?? [];
  throw invalidDocument(
    what,
    `${shownPath(first?.instancePath ?? '')} ${first?.message ?? 'is not as specified'}`,
  );
}

/** A path holds keys of the document, which may hold anything. */
function shownPath(instancePath: string): string {
  if (instancePath === '') return 'it';
  const printable = instancePath.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 100 ? `${printable.slice(0, 97)}...` : printable;
}
