import { resolve } from 'node:path';
import type { BindMount, TmpfsMount, VolumeMount } from '@tinyd/runtime';
import { resolvePairs } from './environment';
import { invalidFlag, unsupportedFlag } from './invalid';
import { checkTarget, checkVolumeName, isConsistency, isPropagation } from './mount-words';
import { parseMemory } from './numbers';
import { parseHostFolder } from './volume-options';

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

type MountType = MountRequest['type'];

/** The fields that each type of mount has, besides `type`, `target` and `consistency`. */
const FIELDS: Readonly<Record<MountType, readonly string[]>> = {
  bind: ['source', 'readonly', 'bind-propagation', 'bind-recursive', 'bind-nonrecursive'],
  volume: [
    'source',
    'readonly',
    'volume-nocopy',
    'volume-subpath',
    'volume-label',
    'volume-driver',
    'volume-opt',
  ],
  tmpfs: ['readonly', 'tmpfs-size', 'tmpfs-mode'],
  image: ['source', 'readonly', 'image-subpath'],
};

const COMMON_FIELDS = ['type', 'target', 'consistency'];

const OTHER_NAMES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

/** Fields that may stand without a value. */
const SWITCHES = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive']);

/** The fields of one `--mount`, with what messages need. */
interface MountFields {
  readonly flag: string;
  readonly text: string;
  readonly target: string;
  /** The last value of a field. */
  get(key: string): string | undefined;
  /** All its values. */
  all(key: string): readonly string[];
  isSet(key: string): boolean;
}

/**
 * `--mount type=volume,src=data,dst=/a,volume-nocopy`, `type=bind,src=/a,dst=/b,readonly` and
 * `type=tmpfs,dst=/c,tmpfs-size=1m`, `type=image,src=nginx,dst=/d,image-subpath=etc`; a bind's source must exist, a volume is made.
 */
export function parseMount(flag: string, text: string): MountRequest {
  const pairs = splitFields(flag, text);
  const type = pairs.findLast(([key]) => key === 'type')?.[1] ?? 'volume';
  if (!isMountType(type))
    throw unsupportedFlag(
      flag,
      text,
      `mounts of type ${type} are not supported, only bind, volume, tmpfs and image`,
    );
  for (const [key] of pairs) checkField(flag, text, type, key);
  const fields = readFields(flag, text, pairs);
  switch (type) {
    case 'bind':
      return { type, bind: bindMount(fields) };
    case 'volume':
      return { type, volume: volumeMount(fields) };
    case 'tmpfs':
      return { type, tmpfs: tmpfsMount(fields) };
    case 'image':
      return { type, image: imageMount(fields) };
  }
}

function isMountType(text: string): text is MountType {
  return Object.hasOwn(FIELDS, text);
}

function splitFields(flag: string, text: string): readonly (readonly [string, string])[] {
  return splitCsv(text).map(field => {
    const equals = field.indexOf('=');
    const key = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    if (equals === -1 && !SWITCHES.has(key))
      throw invalidFlag(flag, text, `the field ${JSON.stringify(field)} must be KEY=VALUE`);
    const value = equals === -1 ? 'true' : field.slice(equals + 1).trim();
    return [OTHER_NAMES[key] ?? key, value];
  });
}

/** One CSV record with double-quoted fields, as RFC 4180 has it. */
function splitCsv(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    match => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}

function checkField(flag: string, text: string, type: MountType, key: string): void {
  if (COMMON_FIELDS.includes(key) || FIELDS[type].includes(key)) return;
  const others = Object.entries(FIELDS).flatMap(([other, keys]) => (keys.includes(key) ? [other] : []));
  const reason =
    others.length === 0
      ? `there is no field ${JSON.stringify(key)}`
      : `${key} is for mounts of type ${others.join(', ')}, and this is one of type ${type}`;
  throw invalidFlag(flag, text, reason, `fields are ${[...FIELDS[type], ...COMMON_FIELDS].join(', ')}`);
}

function readFields(flag: string, text: string, pairs: readonly (readonly [string, string])[]): MountFields {
  const all = (key: string) => pairs.flatMap(([name, value]) => (name === key ? [value] : []));
  const get = (key: string) => all(key).at(-1);
  const target = get('target');
  if (target === undefined) throw invalidFlag(flag, text, 'it names no target');
  const consistency = get('consistency');
  if (consistency !== undefined && !isConsistency(consistency))
    throw invalidFlag(flag, text, `unknown consistency ${JSON.stringify(consistency)}`);
  const isSet = (key: string) => {
    const value = get(key) ?? 'false';
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    throw invalidFlag(flag, text, `${key} must be true or false`);
  };
  return { flag, text, target: checkTarget(flag, text, target), get, all, isSet };
}

function bindMount(fields: MountFields): BindMount {
  const { flag, text, target } = fields;
  const source = fields.get('source') ?? '';
  const propagation = fields.get('bind-propagation') ?? 'rprivate';
  if (!source.startsWith('/') && !source.startsWith('.'))
    throw invalidFlag(flag, text, 'a bind needs a source path', 'it begins with / or .');
  if (!isPropagation(propagation))
    throw invalidFlag(flag, text, `unknown propagation ${JSON.stringify(propagation)}`);
  const submounts = submountsOf(fields);
  const readOnly = fields.isSet('readonly');
  return {
    source: resolve(source),
    target,
    readOnly,
    propagation,
    createSource: false,
    ...(submounts === undefined ? {} : { submounts }),
  };
}

/** docker's words for what becomes of mounts below the source. */
function submountsOf(fields: MountFields): BindMount['submounts'] {
  const { flag, text } = fields;
  const choice = fields.get('bind-recursive') ?? (fields.isSet('bind-nonrecursive') ? 'disabled' : 'enabled');
  if (choice === 'enabled') return undefined;
  if (choice === 'disabled') return 'hidden';
  if (choice !== 'writable' && choice !== 'readonly')
    throw invalidFlag(flag, text, 'bind-recursive must be enabled, disabled, writable or readonly');
  if (!fields.isSet('readonly'))
    throw invalidFlag(flag, text, `bind-recursive=${choice} is for read-only mounts, add readonly`);
  if (choice === 'writable') return 'writable';
  // What is mounted there later would be writable.
  if (fields.get('bind-propagation') !== 'rprivate')
    throw invalidFlag(flag, text, 'bind-recursive=readonly needs bind-propagation=rprivate');
  return undefined;
}

function volumeMount(fields: MountFields): VolumeMount {
  const { flag, text, target } = fields;
  const source = fields.get('source') ?? '';
  const subpath = fields.get('volume-subpath') ?? '';
  const driver = fields.get('volume-driver') ?? 'local';
  if (driver !== '' && driver !== 'local')
    throw unsupportedFlag(flag, text, 'there is no volume driver but local');
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw invalidFlag(flag, text, 'volume-subpath must be a path relative to the volume, without ..');
  if (subpath !== '' && source === '')
    throw invalidFlag(flag, text, 'a new anonymous volume has no subpath, name a volume');
  const labels = resolvePairs(flag, fields.all('volume-label'));
  const folder = parseHostFolder(flag, fields.all('volume-opt'));
  return {
    ...(source === '' ? {} : { name: checkVolumeName(flag, text, source) }),
    target,
    readOnly: fields.isSet('readonly'),
    noCopy: fields.isSet('volume-nocopy'),
    ...(subpath === '' ? {} : { subpath }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(folder === undefined ? {} : { folder }),
  };
}

function imageMount(fields: MountFields): ImageMountRequest {
  const { flag, text, target } = fields;
  const source = fields.get('source') ?? '';
  const subpath = fields.get('image-subpath') ?? '';
  if (source === '') throw invalidFlag(flag, text, 'it names no image');
  if (fields.get('readonly') !== undefined && !fields.isSet('readonly'))
    throw invalidFlag(flag, text, 'images are mounted read-only');
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw invalidFlag(flag, text, 'image-subpath must be a path relative to the image, without ..');
  return { source, target, ...(subpath === '' ? {} : { subpath }) };
}

function tmpfsMount(fields: MountFields): TmpfsMount {
  const { flag, text, target } = fields;
  const size = fields.get('tmpfs-size');
  const mode = fields.get('tmpfs-mode');
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode))
    throw invalidFlag(flag, text, 'tmpfs-mode must be octal');
  const options = [
    ...(fields.isSet('readonly') ? ['ro'] : []),
    ...(size === undefined ? [] : [`size=${parseMemory(flag, size)}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ];
  return { target, options };
}
