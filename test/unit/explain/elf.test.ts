import { strict as assert } from 'node:assert';
import { closeSync, openSync, readSync } from 'node:fs';
import type { ReadAt } from '../../../packages/runtime/dist/explain/container-files';
import { readElf } from '../../../packages/runtime/dist/explain/elf';
import { parseLoaderCache } from '../../../packages/runtime/dist/explain/loader-cache';
import { elfProgram } from '../../support/elf-program';

const of =
  (bytes: Buffer): ReadAt =>
  (position, length) =>
    bytes.subarray(Math.min(position, bytes.length), Math.min(position + length, bytes.length));

describe('ELF files as they are explained', () => {
  for (const bits of [32, 64] as const) {
    for (const bigEndian of [false, true]) {
      it(`reads ${bits} bits, ${bigEndian ? 'big' : 'little'} endian`, () => {
        const file = elfProgram({
          machine: 40,
          bits,
          bigEndian,
          interpreter: '/lib/ld.so',
          needed: ['liba.so.1', 'libb.so'],
          runpath: '$ORIGIN/../lib:/opt/lib',
        });
        assert.deepEqual(readElf(of(file)), {
          machine: 40,
          bits,
          interpreter: '/lib/ld.so',
          needed: ['liba.so.1', 'libb.so'],
          searchPaths: ['$ORIGIN/../lib', '/opt/lib'],
        });
      });
    }
  }

  it('reads a program of this host', () => {
    const fd = openSync(process.execPath, 'r');
    const elf = readElf((position, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
    });
    closeSync(fd);
    assert.match(elf?.interpreter ?? '', /^\/lib.*ld-/);
    assert.ok(elf?.needed.includes('libc.so.6'), String(elf?.needed));
  });

  it('takes other files for none', () => {
    for (const text of ['', '#!/bin/sh\n', '\x7fELF', `\x7fELF${'\xff'.repeat(60)}`])
      assert.equal(readElf(of(Buffer.from(text, 'latin1'))), undefined);
  });

  it('survives every damage', () => {
    const whole = elfProgram({ machine: 62, interpreter: '/lib/ld.so', needed: ['liba.so'], runpath: '/x' });
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(whole.subarray(0, random(4) === 0 ? random(whole.length) : whole.length));
      for (let flips = random(4); bytes.length > 0 && flips >= 0; flips--)
        bytes[random(bytes.length)] = random(256);
      const elf = readElf(of(bytes));
      assert.ok(elf === undefined || elf.needed.length <= 4096);
    }
  });
});

describe('cache of the dynamic loader', () => {
  const cache = (entries: readonly (readonly [string, string])[]) => {
    const header = Buffer.alloc(48);
    header.write('glibc-ld.so.cache1.1', 'latin1');
    header.writeUInt32LE(entries.length, 20);
    const table = Buffer.alloc(24 * entries.length);
    let strings = Buffer.alloc(0);
    entries.forEach((pair, index) => {
      pair.forEach((text, part) => {
        table.writeUInt32LE(48 + table.length + strings.length, 24 * index + 4 + 4 * part);
        strings = Buffer.concat([strings, Buffer.from(`${text}\0`)]);
      });
    });
    return Buffer.concat([header, table, strings]);
  };
  const sample = cache([
    ['liba.so.1', '/opt/a/liba.so.1'],
    ['libb.so', '/usr/lib/libb.so'],
    ['libb.so', '/usr/lib32/libb.so'],
  ]);

  it('tells the paths of a library, also behind the old format', () => {
    for (const bytes of [sample, Buffer.concat([Buffer.from('ld.so-1.7.0\0and more'), sample])]) {
      const paths = parseLoaderCache(bytes);
      assert.deepEqual(paths.get('liba.so.1'), ['/opt/a/liba.so.1']);
      assert.deepEqual(paths.get('libb.so'), ['/usr/lib/libb.so', '/usr/lib32/libb.so']);
    }
  });

  it('survives being cut at any byte', () => {
    for (let length = 0; length < sample.length; length++) parseLoaderCache(sample.subarray(0, length));
  });
});
