import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Spec, validateSpec } from '@tinyd/runtime';
import { specText } from '../../../packages/runtime/dist/spec-text';

type Everything<T> = T extends readonly (infer Item)[]
  ? readonly Everything<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]-?: Everything<T[Key]> }
    : T;

/** Every property that the types know. The compiler complains when one is missing here. */
const FULL: Everything<Spec> = {
  ociVersion: '1.2.0',
  process: {
    terminal: true,
    consoleSize: { height: 24, width: 80 },
    user: { uid: 1000, gid: 1000, umask: 0o22, additionalGids: [4, 20] },
    args: ['/bin/sh', '-c', ''],
    env: ['PATH=/bin', 'EMPTY='],
    cwd: '/',
    capabilities: {
      bounding: ['CAP_CHOWN'],
      effective: ['CAP_CHOWN'],
      permitted: ['CAP_CHOWN'],
      inheritable: [],
      ambient: [],
    },
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 2 ** 64 }],
    noNewPrivileges: true,
    oomScoreAdj: -500,
    apparmorProfile: '',
    selinuxLabel: '',
  },
  root: { path: '/rootfs', readonly: true },
  hostname: 'web',
  domainname: 'example.com',
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid'] }],
  annotations: { 'org.example': 'x' },
  linux: {
    namespaces: [{ type: 'network', path: '/proc/1/ns/net' }],
    devices: [{ type: 'c', path: '/dev/null', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }],
    cgroupsPath: '/tinyd/1',
    resources: {
      devices: [{ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
      memory: { limit: 1, reservation: 1, swap: -1, swappiness: 60, disableOOMKiller: false },
      cpu: { shares: 2, quota: -1, period: 1000, cpus: '0-1', mems: '0' },
      pids: { limit: -1 },
      blockIO: {
        weight: 10,
        weightDevice: [{ major: 8, minor: 0, weight: 10 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 1 }],
      },
      unified: { 'memory.high': 'max' },
    },
    rootfsPropagation: 'private',
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    sysctl: { 'net.ipv4.ip_forward': '1' },
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/l',
      listenerMetadata: '',
      syscalls: [
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          errnoRet: 1,
          args: [{ index: 0, value: 1, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    },
    mountLabel: '',
    uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
  },
};

type Json = Record<string, unknown>;
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

const SCHEMA = JSON.parse(
  readFileSync(join(__dirname, '../../../../packages/runtime/schema/runtime-spec.schema.json'), 'utf8'),
) as Schema;

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/definitions/', '');
  return name === undefined ? schema : (SCHEMA.definitions?.[name] ?? schema);
}

/** Calls `visit` for every object of the document that the schema describes property by property. */
function walk(value: unknown, given: Schema, path: string, visit: (at: Visit) => void): void {
  const schema = resolved(given);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(item, schema.items ?? {}, `${path}/${index}`, visit);
    return;
  }
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return;
  visit({ object: value as Json, schema, path });
  for (const [key, item] of Object.entries(value))
    walk(item, schema.properties[key] ?? {}, `${path}/${key}`, visit);
}

interface Visit {
  readonly object: Json;
  readonly schema: Schema;
  readonly path: string;
}

describe('config.json schema', () => {
  it('accepts everything that the types allow', () => {
    assert.deepEqual(validateSpec(FULL), []);
  });

  it('has the properties of the types, all of them and no other', () => {
    walk(FULL, SCHEMA, '', ({ object, schema, path }) => {
      assert.deepEqual(Object.keys(schema.properties ?? {}).sort(), Object.keys(object).sort(), path);
      assert.equal(schema.additionalProperties, false, path);
    });
  });

  it('misses what is required, and nothing else', () => {
    const copy = structuredClone(FULL) as unknown as Json;
    const cases: (() => void)[] = [];
    walk(copy, SCHEMA, '', ({ object, schema, path }) => {
      for (const key of Object.keys(object)) {
        cases.push(() => {
          const kept = object[key];
          delete object[key];
          const errors = validateSpec(copy).map(error => error.path);
          assert.deepEqual(errors, schema.required?.includes(key) ? [path] : [], `${path}/${key}`);
          object[key] = kept;
        });
      }
    });
    for (const one of cases) one();
    assert.ok(cases.length > 80);
  });

  it('refuses a property that it does not know, anywhere', () => {
    const copy = structuredClone(FULL) as unknown as Json;
    const objects: Visit[] = [];
    walk(copy, SCHEMA, '', visit => objects.push(visit));
    for (const { object, path } of objects) {
      object.surprise = 1;
      assert.deepEqual(validateSpec(copy), [
        { path, message: 'must NOT have additional properties: surprise' },
      ]);
      delete object.surprise;
    }
    assert.ok(objects.length > 20);
  });

  for (const [what, path, change] of [
    ['a version of another kind', '/ociVersion', { ociVersion: '2.0.0' }],
    ['no arguments', '/process/args', { process: { ...FULL.process, args: [] } }],
    ['a NUL in an argument', '/process/args/0', { process: { ...FULL.process, args: ['a\0b'] } }],
    ['a variable without a name', '/process/env/0', { process: { ...FULL.process, env: ['=x'] } }],
    ['a relative folder', '/process/cwd', { process: { ...FULL.process, cwd: 'tmp' } }],
    ['a relative target', '/mounts/0/destination', { mounts: [{ destination: 'tmp' }] }],
    ['an unknown namespace', '/linux/namespaces/0/type', { linux: { namespaces: [{ type: 'net' }] } }],
    [
      'a relative masked path',
      '/linux/maskedPaths/0',
      { linux: { namespaces: [], maskedPaths: ['proc/kcore'] } },
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.deepEqual(
        validateSpec({ ...FULL, ...change }).map(error => error.path),
        [path],
      );
    });
  }

  it('writes unlimited as the largest number of 64 bits, and leaves strings alone', () => {
    const tricky = '\n    "hard": 18446744073709552000';
    const text = specText({ ...FULL, hostname: tricky });
    assert.match(text, /"hard": 18446744073709551615$/m);
    assert.deepEqual(JSON.parse(text), { ...FULL, hostname: tricky });
    assert.equal(text.match(/18446744073709552000/g)?.length, 1);
  });

  it('refuses what is no object', () => {
    for (const value of [null, [], 'x', 1]) assert.equal(validateSpec(value).length, 1);
  });
});
