import { ERROR_CODES, type ErrorCode } from './codes';

const BRAND = Symbol.for('tinyd.error');

/** What a {@link TinydError} carries beside its code and message. */
export interface TinydErrorOptions extends ErrorOptions {
  /** What the user can do about it, as a sentence fragment: "check the name with tinyd images". */
  readonly hint?: string;
  /** Facts for programs: digest, path, redacted URL, stage. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What the clean-up after this failure could not undo. */
  readonly cleanupErrors?: readonly Error[];
}

/**
 * The one error class of tinyd.
 *
 * The message reads "<what was tried> <operand>: <why it failed>": lower case, one line, no full stop.
 * Callers switch on {@link code}, never on the message.
 */
export class TinydError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cleanupErrors: readonly Error[];

  constructor(code: ErrorCode, message: string, options: TinydErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.cleanupErrors = options.cleanupErrors ?? [];
  }

  /** True when the same call may succeed later without anything being changed. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
Object.defineProperty(TinydError.prototype, 'name', { value: 'TinydError', enumerable: false });
Object.defineProperty(TinydError.prototype, BRAND, { value: true, enumerable: false });

/** Recognises a {@link TinydError}, also one made by a second copy of this package. */
export function isTinydError(value: unknown): value is TinydError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}
