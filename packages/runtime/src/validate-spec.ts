import { validate } from './generated/validate-spec';

/** Where a config.json is wrong. */
export interface SpecError {
  /** JSON pointer: `/process/cwd`; empty: the document itself. */
  readonly path: string;
  /** "must match pattern …", "must NOT have additional properties". */
  readonly message: string;
}

/**
 * Checks a document against schema/runtime-spec.schema.json: the OCI runtime-spec, restricted to what tinyd writes.
 *
 * @returns everything that is wrong; empty: the document is valid.
 */
export function validateSpec(document: unknown): SpecError[] {
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = params.additionalProperty;
    const suffix = typeof extra === 'string' ? `: ${extra}` : '';
    return { path: instancePath, message: `${message ?? 'is invalid'}${suffix}` };
  });
}
