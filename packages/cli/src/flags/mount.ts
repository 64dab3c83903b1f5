import { resolve } from 'node:path';
import type { BindMount, TmpfsMount, VolumeMount } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';
import { checkTarget, checkVolumeName, isPropagation } from './mount-words';
import { parseMemory } from './numbers';

/** What one `--mount` asks for. */
export type MountRequest =
  | { readonly type: 'bind'; readonly bind: BindMount }
  | { readonly type: 'volume'; readonly volume: VolumeMount }
  | { readonly type: 'tmpfs'; readonly tmpfs: TmpfsMount }
  | { readonly type: 'image'; readonly image: ImageMountRequest };

/** An image to mount; which one that is, the store knows. */
export interface ImageMountRequest {
  readonly source: string;
  readonly target: string;
  readonly subpath?: string;
}

/**
 * `--mount type=volume,src=data,dst=/a,volume-nocopy`, `type=bind,src=/a,dst=/b,readonly` and
 * `type=tmpfs,dst=/c,tmpfs-size=1m`, `type=image,src=nginx,dst=/d,image-subpath=etc`; a bind's source must exist, a volume is made.
 */
export function parseMount(flag: string, text: string): MountRequest {
  const fields = mountFields(flag, text);
  const type = fields.get('type') ?? 'volume';
  const target = fields.get('target');
  if (target === undefined) throw invalidFlag(flag, text, 'it names no target');
  const path = checkTarget(flag, text, target);
  if (type === 'bind') return { type, bind: bindMount(flag, text, fields, path) };
  if (type === 'volume') return { type, volume: volumeMount(flag, text, fields, path) };
  if (type === 'tmpfs') return { type, tmpfs: tmpfsMount(flag, text, fields, path) };
  if (type === 'image') return { type, image: imageMount(flag, text, fields, path) };
  throw unsupportedFlag(
    flag,
    text,
    `mounts of type ${type} are not supported, only bind, volume, tmpfs and image`,
  );
}

const MOUNT_KEYS: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

/** Fields that may stand without a value. */
const SWITCHES = new Set(['readonly', 'ro', 'volume-nocopy']);

function mountFields(flag: string, text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of splitCsv(text)) {
    const equals = field.indexOf('=');
    const key = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    const value = equals === -1 ? undefined : field.slice(equals + 1).trim();
    if (value === undefined && !SWITCHES.has(key)) {
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
    readOnly: isSet(flag, text, fields, 'readonly'),
    propagation,
    createSource: false,
  };
}

function volumeMount(flag: string, text: string, fields: Map<string, string>, target: string): VolumeMount {
  allowKeys(flag, text, fields, ['source', 'readonly', 'volume-nocopy', 'volume-subpath']);
  const source = fields.get('source') ?? '';
  const subpath = fields.get('volume-subpath') ?? '';
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw invalidFlag(flag, text, 'volume-subpath must be a path relative to the volume, without ..');
  if (subpath !== '' && source === '')
    throw invalidFlag(flag, text, 'a new anonymous volume has no subpath, name a volume');
  return {
    ...(source === '' ? {} : { name: checkVolumeName(flag, text, source) }),
    target,
    readOnly: isSet(flag, text, fields, 'readonly'),
    noCopy: isSet(flag, text, fields, 'volume-nocopy'),
    ...(subpath === '' ? {} : { subpath }),
  };
}

function imageMount(
  flag: string,
  text: string,
  fields: Map<string, string>,
  target: string,
): ImageMountRequest {
  allowKeys(flag, text, fields, ['source', 'readonly', 'image-subpath']);
  const source = fields.get('source') ?? '';
  const subpath = fields.get('image-subpath') ?? '';
  if (source === '') throw invalidFlag(flag, text, 'it names no image');
  if (fields.has('readonly') && !isSet(flag, text, fields, 'readonly'))
    throw invalidFlag(flag, text, 'images are mounted read-only');
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw invalidFlag(flag, text, 'image-subpath must be a path relative to the image, without ..');
  return { source, target, ...(subpath === '' ? {} : { subpath }) };
}

function tmpfsMount(flag: string, text: string, fields: Map<string, string>, target: string): TmpfsMount {
  allowKeys(flag, text, fields, ['readonly', 'tmpfs-size', 'tmpfs-mode']);
  const size = fields.get('tmpfs-size');
  const mode = fields.get('tmpfs-mode');
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode))
    throw invalidFlag(flag, text, 'tmpfs-mode must be octal');
  const options = [
    ...(isSet(flag, text, fields, 'readonly') ? ['ro'] : []),
    ...(size === undefined ? [] : [`size=${parseMemory(flag, size)}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ];
  return { target, options };
}

function isSet(flag: string, text: string, fields: Map<string, string>, key: string): boolean {
  const value = fields.get(key) ?? 'false';
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw invalidFlag(flag, text, `${key} must be true or false`);
}

function allowKeys(flag: string, text: string, fields: Map<string, string>, keys: readonly string[]): void {
  for (const key of fields.keys()) {
    if (key === 'type' || key === 'target' || keys.includes(key)) continue;
    throw unsupportedFlag(flag, text, `the field ${key} is unknown or not supported`);
  }
}
