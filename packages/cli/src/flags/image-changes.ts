import { posix } from 'node:path';
import type { ImageHealthcheck, ImageProcessConfig } from '@tinyd/core';
import { parseSignal } from '@tinyd/runtime';
import { expandWord, type Variables, variablesOf } from './dockerfile-variables';
import { invalidChange, jsonWords, splitWords } from './dockerfile-words';

/** One instruction of --change: the whole text for messages, what follows the keyword, and what `$NAME` stands for in it. */
interface Instruction {
  readonly text: string;
  readonly argument: string;
  readonly variables: Variables;
}

type Change = (config: ImageProcessConfig, instruction: Instruction) => ImageProcessConfig;

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (config, instruction) => ({ ...config, Cmd: commandOf(instruction) }),
  // As in a Dockerfile: a command that was made for another entrypoint goes, also the one of the image below. Without any
  // entrypoint it is a program of its own, and stays.
  ENTRYPOINT: (config, instruction) => {
    const entrypoint = commandOf(instruction);
    if (entrypoint.length === 0) return { ...config, Entrypoint: null };
    return { ...config, Cmd: null, Entrypoint: entrypoint };
  },
  ENV: (config, instruction) => ({ ...config, Env: withVariables(config.Env ?? [], pairsOf(instruction)) }),
  LABEL: (config, instruction) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(pairsOf(instruction)) },
  }),
  EXPOSE: (config, instruction) => {
    const words = wordsOf(instruction).flatMap(word => word.split(/\s+/).filter(Boolean));
    const ports = words.flatMap(word => portsOf(instruction.text, word));
    return { ...config, ExposedPorts: { ...config.ExposedPorts, ...emptyValues(ports) } };
  },
  VOLUME: (config, instruction) => {
    const paths = expanded(instruction, jsonWords(instruction.argument) ?? splitWords(instruction.argument));
    if (paths.length === 0 || paths.some(path => path.trim() === ''))
      throw invalidChange(instruction.text, 'want paths that are not empty');
    return { ...config, Volumes: { ...config.Volumes, ...emptyValues(paths) } };
  },
  USER: (config, instruction) => ({ ...config, User: wordOf(instruction) }),
  STOPSIGNAL: (config, instruction) => {
    const signal = textOf(instruction);
    if (!isSignal(signal))
      throw invalidChange(instruction.text, `there is no signal ${JSON.stringify(signal)}`);
    return { ...config, StopSignal: signal };
  },
  WORKDIR: (config, instruction) => {
    const path = textOf(instruction);
    if (path === '') throw invalidChange(instruction.text, 'want a path that is not empty');
    return { ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '/', path) };
  },
  HEALTHCHECK: (config, instruction) => ({ ...config, Healthcheck: healthcheckOf(instruction) }),
};

/**
 * Applies Dockerfile instructions, as `import --change` and `commit --change` take them, to what an image says of its
 * processes. A text may hold several, a line each. A CMD holds also when an ENTRYPOINT follows it. Where a Dockerfile puts in variables,
 * those of the environment so far are put in.
 *
 * Fails with ERR_TINYD_OPTION_INVALID.
 */
export function applyChanges(config: ImageProcessConfig, texts: readonly string[]): ImageProcessConfig {
  const isCommand = (text: string) => /^\s*cmd\s/i.test(text);
  const lines = texts.flatMap(linesOf);
  const ordered = [...lines.filter(text => !isCommand(text)), ...lines.filter(isCommand)];
  return ordered.reduce((changed, text) => {
    const [, keyword = '', argument = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(text) ?? [];
    const name = keyword.toUpperCase();
    const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
    if (change === undefined) throw invalidChange(text, `want one of ${Object.keys(CHANGES).join(', ')}`);
    if (argument === '') throw invalidChange(text, `${name} needs an argument`);
    return change(changed, { text, argument, variables: variablesOf(changed.Env ?? []) });
  }, config);
}

/** Instructions of a text: a backslash at its end lets a line go on, blank lines and comments are none. */
function linesOf(text: string): string[] {
  const lines = text.replace(/\\\r?\n/g, '').split(/\r?\n/);
  const instructions = lines.filter(line => !/^\s*(?:#|$)/.test(line));
  if (instructions.length === 0) throw invalidChange(text, 'there is no instruction in it');
  return instructions;
}

/** `80`, `53/udp`, `7000-7010`, in the form that image configs use. */
function portsOf(text: string, word: string): string[] {
  const [, first = '', last = first, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === '' || from < 1 || to > 65535 || to < from)
    throw invalidChange(text, `${JSON.stringify(word)} is no port`);
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${protocol.toLowerCase()}`);
}

function isSignal(text: string): boolean {
  try {
    return parseSignal(text) > 0;
  } catch {
    return false;
  }
}

/** The JSON form is run as it is, the other by a shell. */
function commandOf({ argument }: Instruction): string[] {
  return jsonWords(argument) ?? ['/bin/sh', '-c', argument];
}

/** The argument as one text, with its blanks. */
function textOf({ text, argument, variables }: Instruction): string {
  return expandWord(text, argument, variables);
}

function wordsOf(instruction: Instruction): string[] {
  return expanded(instruction, splitWords(instruction.argument));
}

function expanded({ text, variables }: Instruction, words: readonly string[]): string[] {
  return words.map(word => expandWord(text, word, variables));
}

/** An empty one takes back what the image below says. */
function wordOf(instruction: Instruction): string {
  const word = textOf(instruction);
  if (/\s/.test(word)) throw invalidChange(instruction.text, 'want one word');
  return word;
}

/** `A=1 B=2`, or `A the rest`. */
function pairsOf(instruction: Instruction): [string, string][] {
  const words = splitWords(instruction.argument);
  if (words[0]?.includes('=') === false) {
    const [, name = '', value = ''] = /^(\S+)\s+([\s\S]*)$/.exec(instruction.argument) ?? [];
    if (name === '') throw invalidChange(instruction.text, 'want NAME=VALUE');
    return [pairOf(instruction, name, value)];
  }
  return words.map(word => {
    const equals = word.indexOf('=');
    if (equals <= 0) throw invalidChange(instruction.text, `${JSON.stringify(word)} is not NAME=VALUE`);
    return pairOf(instruction, word.slice(0, equals), word.slice(equals + 1));
  });
}

function pairOf(instruction: Instruction, ...words: [string, string]): [string, string] {
  const [name = '', value = ''] = expanded(instruction, words);
  if (name === '') throw invalidChange(instruction.text, 'a name is empty');
  return [name, value];
}

function withVariables(before: readonly string[], pairs: readonly [string, string][]): string[] {
  const variables = new Map(before.map(text => [text.split('=', 1).join(''), text]));
  for (const [name, value] of pairs) variables.set(name, `${name}=${value}`);
  return [...variables.values()];
}

function emptyValues(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map(key => [key, {}]));
}

/** `NONE`, or `[--interval=30s …] CMD …`. */
function healthcheckOf(instruction: Instruction): ImageHealthcheck {
  const { text, argument } = instruction;
  if (/^none$/i.test(argument)) return { Test: ['NONE'] };
  const [, options = '', command = ''] = /^((?:--\S+\s+)*)cmd\s+([\s\S]+)$/i.exec(argument) ?? [];
  if (command === '') throw invalidChange(text, 'want HEALTHCHECK NONE or HEALTHCHECK CMD …');
  const words = jsonWords(command);
  const test = words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words];
  return Object.assign(
    { Test: test },
    ...options
      .split(/\s+/)
      .filter(Boolean)
      .map(option => healthOption(text, option)),
  );
}

function healthOption(text: string, option: string): ImageHealthcheck {
  const [name = '', value = ''] = option.split('=', 2);
  if (name === '--retries' && /^\d{1,6}$/.test(value)) return { Retries: Number(value) };
  const keys = {
    '--interval': 'Interval',
    '--timeout': 'Timeout',
    '--start-period': 'StartPeriod',
    '--start-interval': 'StartInterval',
  };
  const key = Object.hasOwn(keys, name) ? keys[name as keyof typeof keys] : undefined;
  if (key === undefined || !DURATION.test(value))
    throw invalidChange(text, `cannot use ${JSON.stringify(option)}`);
  const parts = [...value.matchAll(/([\d.]+)([a-zµ]+)/g)];
  const duration = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (NANOSECONDS[unit ?? ''] ?? 0),
    0,
  );
  if (duration > 0 && duration < 1e6) throw invalidChange(text, `${name} cannot be less than 1ms`);
  return { [key]: duration };
}
