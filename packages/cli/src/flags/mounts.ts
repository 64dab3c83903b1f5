import { existsSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import type { BindMount, TmpfsMount } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';
import { parseMemory } from './numbers';

const PROPAGATIONS = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'] as const;
type Propagation = (typeof PROPAGATIONS)[number];

function isPropagation(text: string): text is Propagation {
  return (PROPAGATIONS as readonly string[]).includes(text);
}

/** `--volume /host:/container[:ro,rprivate,…]`; a source starting with a dot is relative to the current folder. */
export function parseVolume(flag: string, text: string): BindMount {
  const [source = '', target, options, ...more] = text.split(':');
  if (more.length > 0) throw invalidFlag(flag, text, 'want SOURCE:TARGET[:OPTIONS]');
  if (target === undefined)
    throw unsupportedFlag(flag, text, 'anonymous volumes are not supported, give a host folder');
  if (!source.startsWith('/') && !source.startsWith('.')) {
    if (source === '') throw invalidFlag(flag, text, 'the source is empty');
    throw unsupportedFlag(
      flag,
      text,
      'named volumes are not supported, give a host folder as an absolute path',
    );
  }
  let readOnly = false;
  let propagation: Propagation = 'rprivate';
  for (const option of options?.split(',') ?? []) {
    if (option === 'ro' || option === 'rw') readOnly = option === 'ro';
    else if (isPropagation(option)) propagation = option;
    else if (option === 'z' || option === 'Z') refuseRelabel(flag, text);
    else throw invalidFlag(flag, text, `unknown option ${JSON.stringify(option)}`);
  }
  return {
    source: resolve(source),
    target: checkTarget(flag, text, target),
    readOnly,
    propagation,
    createSource: true,
  };
}

/** Where SELinux is off there is nothing to relabel, and `z` is satisfied as it is. */
function refuseRelabel(flag: string, text: string): void {
  if (existsSync('/sys/fs/selinux/enforce'))
    throw unsupportedFlag(flag, text, 'SELinux relabelling is not supported');
}

function checkTarget(flag: string, text: string, target: string): string {
  if (!target.startsWith('/')) throw invalidFlag(flag, text, 'the path in the container must be absolute');
  const clean = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (clean === '/') throw invalidFlag(flag, text, "the container's root cannot be mounted over");
  return clean;
}

const TMPFS_WORDS = new Set(
  'defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime private rprivate slave rslave shared rshared unbindable runbindable'.split(
    ' ',
  ),
);

/** `--tmpfs /run[:rw,size=64m,mode=1777]`, options checked against a closed list. */
export function parseTmpfs(flag: string, text: string): TmpfsMount {
  const colon = text.indexOf(':');
  const target = checkTarget(flag, text, colon === -1 ? text : text.slice(0, colon));
  const options =
    colon === -1
      ? []
      : text
          .slice(colon + 1)
          .split(',')
          .filter(option => option !== '');
  for (const option of options) {
    if (!isTmpfsOption(option))
      throw invalidFlag(flag, text, `unknown tmpfs option ${JSON.stringify(option)}`);
  }
  return { target, options };
}

function isTmpfsOption(option: string): boolean {
  return (
    TMPFS_WORDS.has(option) ||
    /^(?:size|nr_blocks|nr_inodes)=\d+[kmg%]?$/i.test(option) ||
    /^mode=[0-7]{1,5}$/.test(option) ||
    /^[ug]id=\d{1,10}$/.test(option)
  );
}

/** What one `--mount` asks for. */
export type MountRequest =
  | { readonly type: 'bind'; readonly bind: BindMount }
  | { readonly type: 'tmpfs'; readonly tmpfs: TmpfsMount };

/** `--mount type=bind,src=/a,dst=/b,readonly` and `type=tmpfs,dst=/c,tmpfs-size=1m`; a bind's source must exist. */
export function parseMount(flag: string, text: string): MountRequest {
  const fields = mountFields(flag, text);
  const type = fields.get('type') ?? 'volume';
  const target = fields.get('target');
  if (target === undefined) throw invalidFlag(flag, text, 'it names no target');
  const path = checkTarget(flag, text, target);
  if (type === 'bind') return { type, bind: bindMount(flag, text, fields, path) };
  if (type === 'tmpfs') return { type, tmpfs: tmpfsMount(flag, text, fields, path) };
  throw unsupportedFlag(flag, text, `mounts of type ${type} are not supported, only bind and tmpfs`);
}

const MOUNT_KEYS: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

function mountFields(flag: string, text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of splitCsv(text)) {
    const equals = field.indexOf('=');
    const key = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    const value = equals === -1 ? undefined : field.slice(equals + 1).trim();
    if (value === undefined && key !== 'readonly' && key !== 'ro') {
      throw invalidFlag(flag, text, `the field ${JSON.stringify(field)} must be KEY=VALUE`);
    }
    fields.set(MOUNT_KEYS[key] ?? key, value ?? 'true');
  }
  return fields;
}

/** One CSV record with double-quoted fields, as RFC 4180 has it. */
function splitCsv(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    match => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}

function bindMount(flag: string, text: string, fields: Map<string, string>, target: string): BindMount {
  allowKeys(flag, text, fields, ['source', 'readonly', 'bind-propagation']);
  const source = fields.get('source') ?? '';
  const propagation = fields.get('bind-propagation') ?? 'rprivate';
  if (!source.startsWith('/') && !source.startsWith('.'))
    throw invalidFlag(flag, text, 'a bind needs a source path');
  if (!isPropagation(propagation))
    throw invalidFlag(flag, text, `unknown propagation ${JSON.stringify(propagation)}`);
  return {
    source: resolve(source),
    target,
    readOnly: isReadOnly(flag, text, fields),
    propagation,
    createSource: false,
  };
}

function tmpfsMount(flag: string, text: string, fields: Map<string, string>, target: string): TmpfsMount {
  allowKeys(flag, text, fields, ['readonly', 'tmpfs-size', 'tmpfs-mode']);
  const size = fields.get('tmpfs-size');
  const mode = fields.get('tmpfs-mode');
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode))
    throw invalidFlag(flag, text, 'tmpfs-mode must be octal');
  const options = [
    ...(isReadOnly(flag, text, fields) ? ['ro'] : []),
    ...(size === undefined ? [] : [`size=${parseMemory(flag, size)}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ];
  return { target, options };
}

function isReadOnly(flag: string, text: string, fields: Map<string, string>): boolean {
  const value = fields.get('readonly') ?? 'false';
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalidFlag(flag, text, 'readonly must be true or false');
}

function allowKeys(flag: string, text: string, fields: Map<string, string>, keys: readonly string[]): void {
  for (const key of fields.keys()) {
    if (key === 'type' || key === 'target' || keys.includes(key)) continue;
    throw unsupportedFlag(flag, text, `the field ${key} is unknown or not supported`);
  }
}
