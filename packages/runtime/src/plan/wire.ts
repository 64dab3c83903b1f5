const INITIAL_BYTES = 16 * 1024;

/**
 * Appends values in the plan's wire format, which is described at the head of native/helper/plan.h:
 * little-endian, every value starts at a multiple of 4.
 */
export class WireWriter {
  #buffer = Buffer.alloc(INITIAL_BYTES);
  #view = viewOf(this.#buffer);
  #length = 0;

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }

  #alignTo(multiple: number): void {
    const beyond = this.#length % multiple;
    if (beyond === 0) return;
    this.#reserve(multiple - beyond);
    this.#length += multiple - beyond;
  }

  /** An integer from 0 to 2^32 - 1, or a negative one of 32 bits; RangeError for anything else. */
  u32(value: number): this {
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)
      throw new RangeError(`${value} in a plan must be an integer of 32 bits`);
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  u64(value: bigint): this {
    this.#reserve(8);
    this.#buffer.writeBigUInt64LE(value, this.#length);
    this.#length += 8;
    return this;
  }

  boolean(value: boolean): this {
    return this.u32(value ? 1 : 0);
  }

  /** UTF-8 with a NUL behind it; RangeError when the text itself holds a NUL. */
  string(value: string): this {
    if (value.includes('\0')) throw new RangeError('a string in a plan must not hold NUL');
    const length = Buffer.byteLength(value);
    this.u32(length);
    this.#reserve(length + 1);
    this.#buffer.write(value, this.#length);
    this.#buffer[this.#length + length] = 0;
    this.#length += length + 1;
    this.#alignTo(4);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    this.#alignTo(8);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    this.#alignTo(4);
    return this;
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.u32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** A presence mark and, if there is one, the value. */
  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.boolean(value !== undefined);
    if (value !== undefined) write(value);
    return this;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** A DataView writes numbers without Buffer's checks, which make an object each. */
function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
