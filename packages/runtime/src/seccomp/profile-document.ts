import { TinydError } from '@tinyd/core';
import { SECCOMP_ACTIONS, SECCOMP_FLAGS, SECCOMP_OPERATORS, type SeccompArchitecture } from '../spec-types';
import type { Circumstances, Condition, HostArchitecture, Profile, ProfileRule } from './profile';

/** Every architecture that runtime-spec knows, so that a mistyped one is told from one of another machine. */
const ARCHITECTURES = new Set(
  (
    'X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 ' +
    'PPC64LE S390 S390X SH SHEB PARISC PARISC64 RISCV64'
  )
    .split(' ')
    .map(name => `SCMP_ARCH_${name}`),
);

const HOSTS: Readonly<Record<HostArchitecture, SeccompArchitecture>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
};

/** Six registers. */
const MAX_INDEX = 5;
const UINT64_MAX = 0xffffffffffffffffn;

/**
 * Reads a profile: docker's form (archMap, includes, excludes) or OCI's linux.seccomp (architectures).
 *
 * @param where the file's path, for messages.
 * @throws ERR_TINYD_SECCOMP_INVALID with the place in the document.
 */
export function parseProfile(text: string, where: string): Profile {
  return new ProfileReader(where).read(text);
}

type Json = Readonly<Record<string, unknown>>;

class ProfileReader {
  constructor(private readonly where: string) {}

  read(text: string): Profile {
    let document: unknown;
    try {
      document = JSON.parse(quoteLargeNumbers(text));
    } catch (cause) {
      throw this.#error('', 'is not JSON', cause);
    }
    const top = this.#object(document, 'the document');
    if (top.listenerPath !== undefined || top.listenerMetadata !== undefined)
      throw this.#error('listenerPath', 'is not supported');
    const errnoRet = this.#optionalNumber(top.defaultErrnoRet, 'defaultErrnoRet');
    const flags = top.flags;
    return {
      defaultAction: this.#oneOf(top.defaultAction, SECCOMP_ACTIONS, 'defaultAction'),
      ...(errnoRet === undefined ? {} : { defaultErrnoRet: errnoRet }),
      architectures: this.#architectures(top),
      ...(flags === undefined || flags === null
        ? {}
        : { flags: this.#array(flags, 'flags').map(flag => this.#oneOf(flag, SECCOMP_FLAGS, 'flags')) }),
      rules: this.#array(top.syscalls ?? [], 'syscalls').map((rule, index) =>
        this.#rule(rule, `syscalls[${index}]`),
      ),
    };
  }

  #architectures(top: Json): Profile['architectures'] {
    const listed = this.#array(top.architectures ?? [], 'architectures');
    const map = this.#array(top.archMap ?? [], 'archMap');
    if (listed.length > 0 && map.length > 0)
      throw this.#error('archMap', 'and architectures are both given, use one of them');
    if (listed.length > 0) {
      const names = listed.map(name => this.#architecture(name, 'architectures'));
      return { x64: names, arm64: names };
    }
    const byHost = { x64: [HOSTS.x64], arm64: [HOSTS.arm64] };
    for (const [index, value] of map.entries()) {
      const entry = this.#object(value, `archMap[${index}]`);
      const name = this.#architecture(entry.architecture, `archMap[${index}].architecture`);
      const subs = this.#array(entry.subArchitectures ?? [], `archMap[${index}].subArchitectures`);
      const names = [name, ...subs.map(sub => this.#architecture(sub, `archMap[${index}].subArchitectures`))];
      if (name === HOSTS.x64) byHost.x64 = names;
      if (name === HOSTS.arm64) byHost.arm64 = names;
    }
    return byHost;
  }

  #architecture(value: unknown, at: string): SeccompArchitecture {
    if (typeof value !== 'string' || !ARCHITECTURES.has(value))
      throw this.#error(at, `holds ${JSON.stringify(value)}, which is no SCMP_ARCH_ name`);
    return value as SeccompArchitecture;
  }

  #rule(value: unknown, at: string): ProfileRule {
    const rule = this.#object(value, at);
    const name = rule.name;
    const names = this.#array(rule.names ?? [], `${at}.names`);
    if (name !== undefined && name !== '' && names.length > 0)
      throw this.#error(at, 'has both name and names, use one of them');
    const all = names.length > 0 ? names : [name];
    if (all.some(item => typeof item !== 'string' || item === ''))
      throw this.#error(`${at}.names`, 'must be names of system calls');
    const errnoRet = this.#optionalNumber(rule.errnoRet, `${at}.errnoRet`);
    const args = this.#array(rule.args ?? [], `${at}.args`);
    const includes = this.#circumstances(rule.includes, `${at}.includes`);
    const excludes = this.#circumstances(rule.excludes, `${at}.excludes`);
    return {
      names: all.map(String),
      action: this.#oneOf(rule.action, SECCOMP_ACTIONS, `${at}.action`),
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args.length === 0
        ? {}
        : { args: args.map((arg, index) => this.#condition(arg, `${at}.args[${index}]`)) }),
      ...(includes === undefined ? {} : { includes }),
      ...(excludes === undefined ? {} : { excludes }),
    };
  }

  #condition(value: unknown, at: string): Condition {
    const condition = this.#object(value, at);
    const index = this.#optionalNumber(condition.index, `${at}.index`) ?? 0;
    if (index > MAX_INDEX) throw this.#error(`${at}.index`, `is ${index}, the last argument is ${MAX_INDEX}`);
    return {
      index,
      op: this.#oneOf(condition.op, SECCOMP_OPERATORS, `${at}.op`),
      value: this.#unsigned(condition.value ?? 0, `${at}.value`),
      valueTwo: this.#unsigned(condition.valueTwo ?? 0, `${at}.valueTwo`),
    };
  }

  #circumstances(value: unknown, at: string): Circumstances | undefined {
    if (value === undefined || value === null) return undefined;
    const stated = this.#object(value, at);
    const strings = (key: string): string[] =>
      this.#array(stated[key] ?? [], `${at}.${key}`).map(item => this.#string(item, `${at}.${key}`));
    const minKernel = stated.minKernel ?? '';
    const text = this.#string(minKernel, `${at}.minKernel`);
    if (text !== '' && !/^\d+\.\d+$/.test(text))
      throw this.#error(`${at}.minKernel`, 'is not of the form 4.8');
    return {
      caps: strings('caps'),
      arches: strings('arches'),
      ...(text === '' ? {} : { minKernel: text }),
    };
  }

  #object(value: unknown, at: string): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.#error(at, 'must be an object');
    return value as Json;
  }

  #array(value: unknown, at: string): readonly unknown[] {
    if (!Array.isArray(value)) throw this.#error(at, 'must be a list');
    return value;
  }

  #string(value: unknown, at: string): string {
    if (typeof value !== 'string') throw this.#error(at, 'must be text');
    return value;
  }

  #oneOf<T extends string>(value: unknown, known: readonly T[], at: string): T {
    const found = known.find(name => name === value);
    if (found === undefined)
      throw this.#error(at, `is ${JSON.stringify(value) ?? 'missing'}, known are ${known.join(', ')}`);
    return found;
  }

  #optionalNumber(value: unknown, at: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
      throw this.#error(at, 'must be a number of 0 or more');
    return value;
  }

  /** `value` is a number, or the text of one that {@link quoteLargeNumbers} left. */
  #unsigned(value: unknown, at: string): bigint {
    const isText = typeof value === 'string' && /^\d+$/.test(value);
    if (!isText && !(typeof value === 'number' && Number.isInteger(value) && value >= 0))
      throw this.#error(at, 'must be a number of 0 or more');
    const number = BigInt(value as string | number);
    if (number > UINT64_MAX) throw this.#error(at, 'is above 2^64 - 1');
    return number;
  }

  #error(at: string, why: string, cause?: unknown): TinydError {
    const place = at === '' ? '' : `${at} `;
    return new TinydError(
      'ERR_TINYD_SECCOMP_INVALID',
      `cannot read seccomp profile ${this.where}: ${place}${why}`,
      {
        hint: "profiles are in docker's or the OCI runtime's form; --security-opt seccomp=unconfined runs without one",
        details: { path: this.where, at },
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }
}

/** JSON.parse rounds integers above 2^53: turn those of 16 digits and more into text, outside of strings. */
function quoteLargeNumbers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])\d{16,}(?![\d.eE])/g, token =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}
