/** Operations of classic BPF (linux/bpf_common.h) that seccomp programs need; all on 32-bit words. */
const LOAD_ABSOLUTE = 0x20;
const LOAD_IMMEDIATE = 0x00;
const AND = 0x54;
const JUMP = 0x05;
const RETURN = 0x06;
const JUMP_IF = { equal: 0x15, greater: 0x25, greaterOrEqual: 0x35 } as const;

export type Comparison = keyof typeof JUMP_IF;

/** A place in a program: distance of an instruction from the program's end. */
export type Place = number;

/** What a conditional jump of one instruction reaches: its offsets are single bytes. */
const REACH = 255;

/** BPF_MAXINSNS. */
const MAX_INSTRUCTIONS = 4096;

interface Instruction {
  readonly code: number;
  readonly yes: number;
  readonly no: number;
  readonly k: number;
}

/**
 * A seccomp program, written from its end towards its start: jumps only go forward, so that every target exists
 * before the jump to it.
 */
export class ProgramWriter {
  /** Last instruction first. */
  readonly #instructions: Instruction[] = [];
  readonly #returns = new Map<number, Place>();

  /** Puts an instruction before all others that runs on into them: load the word at `offset` of seccomp_data. */
  load(offset: number): Place {
    return this.#put(LOAD_ABSOLUTE, 0, 0, offset);
  }

  loadImmediate(value: number): Place {
    return this.#put(LOAD_IMMEDIATE, 0, 0, value);
  }

  and(mask: number): Place {
    return this.#put(AND, 0, 0, mask);
  }

  /** A return of `value`, one that is near if there is any. */
  return(value: number): Place {
    const known = this.#returns.get(value);
    // Half the reach: what is written before the jump to it may not push it out of reach again.
    if (known !== undefined && this.#instructions.length - known < REACH / 2) return known;
    const place = this.#put(RETURN, 0, 0, value);
    this.#returns.set(value, place);
    return place;
  }

  /** Compares the accumulator with `k` and goes on at `yes` or at `no`. */
  branch(comparison: Comparison, k: number, yes: Place, no: Place): Place {
    if (yes === no) return this.jump(yes);
    const far = this.#near(no, 2);
    const nearYes = this.#near(yes, 1);
    return this.#put(JUMP_IF[comparison], this.#offset(nearYes), this.#offset(far), k);
  }

  /** A place just before everything written so far, from which the program goes on at `target`. */
  jump(target: Place): Place {
    const offset = this.#offset(target);
    return offset === 0 ? target : this.#put(JUMP, 0, 0, offset);
  }

  get length(): number {
    return this.#instructions.length;
  }

  /** struct sock_filter[], little-endian; undefined when the kernel would not take so long a program. */
  bytes(): Uint8Array | undefined {
    if (this.length > MAX_INSTRUCTIONS) return undefined;
    const bytes = new Uint8Array(this.length * 8);
    const view = new DataView(bytes.buffer);
    for (const [index, instruction] of this.#instructions.toReversed().entries()) {
      view.setUint16(index * 8, instruction.code, true);
      view.setUint8(index * 8 + 2, instruction.yes);
      view.setUint8(index * 8 + 3, instruction.no);
      view.setUint32(index * 8 + 4, instruction.k, true);
    }
    return bytes;
  }

  /** `place`, or a stand-in for it that is in reach when up to `room` more instructions are written. */
  #near(place: Place, room: number): Place {
    if (this.#offset(place) + room <= REACH) return place;
    const target = this.#instructions[place];
    if (target?.code === RETURN) return this.#put(RETURN, 0, 0, target.k);
    return this.#put(JUMP, 0, 0, this.#offset(place));
  }

  /** Instructions that an instruction written now would have to skip to go on at `place`. */
  #offset(place: Place): number {
    return this.#instructions.length - 1 - place;
  }

  #put(code: number, yes: number, no: number, k: number): Place {
    this.#instructions.push({ code, yes, no, k: k >>> 0 });
    return this.#instructions.length - 1;
  }
}
