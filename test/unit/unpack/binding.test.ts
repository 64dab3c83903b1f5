import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { freeMemory, settleLayer, startUnpack, type UnpackOptions } from '@tinyd/native';
import { scratch, sha256, startLayer } from '../../support/layer-folder';
import { file, tar } from '../../support/tar-bytes';

const NATIVE = require.resolve('@tinyd/native');

/** Threads of this process by name and number. */
const threads = () => readdirSync('/proc/self/task').length;
const descriptors = () =>
  readdirSync('/proc/self/fd').filter(fd => {
    try {
      return !readlinkSync(`/proc/self/fd/${fd}`).startsWith('/proc/');
    } catch {
      return false;
    }
  }).length;

describe('the unpack addon', () => {
  const temporary = scratch();
  after(() => temporary.remove());
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const bytes = tar(...Array.from({ length: 50 }, (_, i) => file(`f${i}`, 'x'.repeat(5000), owner)));
  const blob = gzipSync(bytes, { level: 1 });

  it('follows a blob that grows byte by byte, and tells how far it has come', async () => {
    const { dir, layer } = startLayer(temporary.path, blob, bytes);
    assert.equal(layer.consumed(), 0);
    for (let available = 1; available < blob.length; available++) {
      layer.advance(available);
      if (available % 64 === 0) await new Promise(resolve => setImmediate(resolve));
      assert.ok(layer.consumed() <= available);
    }
    layer.advance(3);
    layer.advance(blob.length);
    await layer.result;
    assert.equal(layer.consumed(), blob.length);
    assert.equal(readFileSync(join(dir, 'f49'), 'utf8').length, 5000);
  });

  it('steering after the end has no effect', async () => {
    const { layer } = startLayer(temporary.path, blob, bytes);
    layer.advance(blob.length);
    await layer.result;
    layer.abort();
    layer.advance(blob.length + 100);
    assert.equal(layer.consumed(), blob.length);
    await layer.result;
  });

  for (const fed of [0, 1, blob.length - 1]) {
    it(`can be aborted after ${fed} bytes`, async () => {
      const { layer } = startLayer(temporary.path, blob, bytes);
      layer.advance(fed);
      layer.abort();
      layer.abort();
      await assert.rejects(layer.result, { name: 'Error', code: 'ABORTED' });
    });
  }

  it('needs the descriptor of the blob only for the call', async () => {
    const { dir, layer } = startLayer(temporary.path, blob, bytes);
    const other = openSync('/dev/zero', 'r');
    layer.advance(blob.length);
    await layer.result;
    closeSync(other);
    assert.equal(readdirSync(dir).length, 50);
  });

  it('leaves no thread and no descriptor behind, whatever the end', async () => {
    const run = async (size: number) => {
      const { layer } = startLayer(temporary.path, blob, bytes, { blobSize: size });
      layer.advance(blob.length);
      if (size > blob.length) layer.abort();
      await layer.result.catch(() => {});
    };
    await run(blob.length);
    const before = [threads(), descriptors()];
    for (let i = 0; i < 100; i++) await run(blob.length - 1 + (i % 3));
    assert.deepEqual([threads(), descriptors()], before);
  });

  it('unpacks many layers at once', async () => {
    const layers = Array.from({ length: 16 }, () => startLayer(temporary.path, blob, bytes));
    for (const { layer } of layers) layer.advance(blob.length);
    for (const { layer } of layers) assert.equal((await layer.result).entries, 50);
  });

  const valid: UnpackOptions = {
    blobFd: 0,
    blobSize: 1,
    blobDigest: sha256(blob),
    diffId: sha256(bytes),
    targetDir: temporary.path,
    overlayXattr: 'trusted',
  };
  const wrong: unknown[] = [
    undefined,
    null,
    true,
    'x',
    -1,
    1.5,
    Number.NaN,
    2 ** 53,
    {},
    [],
    () => {},
    1n,
    Symbol('s'),
  ];
  const wrongFor: Record<string, unknown[]> = {
    blobFd: wrong.concat(2 ** 31),
    blobSize: wrong,
    blobDigest: wrong.filter(value => typeof value !== 'string').concat('a\0b'),
    diffId: wrong.filter(value => typeof value !== 'string').concat('a\0b'),
    targetDir: wrong.filter(value => typeof value !== 'string').concat('a\0b'),
    overlayXattr: wrong.concat('Trusted'),
    limitBytes: wrong.filter(value => value !== undefined),
  };
  for (const [name, values] of Object.entries(wrongFor)) {
    it(`a wrong ${name} is a TypeError that names it`, () => {
      for (const value of values) {
        assert.throws(
          () => startUnpack({ ...valid, [name]: value } as UnpackOptions),
          (error: Error) => {
            assert.ok(error instanceof TypeError);
            assert.match(error.message, new RegExp(name));
            return true;
          },
        );
      }
    });
  }

  it('wrong options as a whole, and options that throw, do no harm', () => {
    for (const value of wrong) assert.throws(() => startUnpack(value as UnpackOptions), TypeError);
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new RangeError('trap');
        },
      },
    );
    assert.throws(() => startUnpack(trap as UnpackOptions), RangeError);
    assert.throws(() => settleLayer(trap as never), RangeError);
  });

  it('wrong options of settleLayer are TypeErrors', () => {
    const settle = {
      targetDir: temporary.path,
      lowerDirs: [],
      impliedDirs: [],
      whiteouts: [],
      pendingLinks: [],
      overlayXattr: 'trusted',
    } as const;
    const cases: Record<string, unknown[]> = {
      targetDir: wrong.filter(value => typeof value !== 'string'),
      lowerDirs: [...wrong.filter(value => !Array.isArray(value)), [1], [undefined], ['a\0']],
      whiteouts: [...wrong.filter(value => !Array.isArray(value)), ['x']],
      impliedDirs: [...wrong.filter(value => !Array.isArray(value)), ['x'], [1], [Buffer.from('a\0')]],
      pendingLinks: [
        ...wrong.filter(value => !Array.isArray(value)),
        [1],
        [{}],
        [{ path: 'x', target: Buffer.alloc(0) }],
        [{ path: Buffer.alloc(0) }],
      ],
      overlayXattr: wrong,
    };
    for (const [name, values] of Object.entries(cases)) {
      for (const value of values)
        assert.throws(() => settleLayer({ ...settle, [name]: value } as never), TypeError);
    }
  });

  it('methods refuse foreign receivers and arguments', async () => {
    const { layer } = startLayer(temporary.path, blob, bytes);
    const methods = layer as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const name of ['advance', 'abort', 'consumed']) {
      for (const receiver of [undefined, null, 1, {}, Object.create(layer), new Proxy(layer, {})]) {
        assert.throws(() => Reflect.apply(methods[name] ?? assert.fail, receiver, [1]), TypeError);
      }
    }
    for (const value of wrong) assert.throws(() => layer.advance(value as number), TypeError);
    layer.abort();
    await assert.rejects(layer.result, { code: 'ABORTED' });
  });

  it('a descriptor that is not open, and a folder that is not there, reject', async () => {
    await assert.rejects(startUnpack({ ...valid, blobFd: 1_000_000 }).result, { code: 'EBADF', errno: -9 });
    const missing = join(temporary.path, 'missing');
    await assert.rejects(startUnpack({ ...valid, targetDir: missing }).result, {
      code: 'ENOENT',
      path: missing,
    });
  });

  /** Starts a layer that never ends; what `then` does happens while its threads wait. */
  const program = (then: string) => `
    const { startUnpack } = require(${JSON.stringify(NATIVE)});
    const fs = require('node:fs');
    const layers = [];
    for (let i = 0; i < 8; i++) {
      const targetDir = fs.mkdtempSync(${JSON.stringify(join(temporary.path, 'stuck-'))});
      const layer = startUnpack({ ...${JSON.stringify(valid)}, blobFd: fs.openSync('/dev/zero'), blobSize: 1e12, targetDir });
      layer.result.catch(() => {});
      layer.advance(i * 1e6);
      layers.push(layer);
    }
    ${then}`;

  it('a process may exit while layers are under way', () => {
    for (const then of [
      'process.exit(7)',
      'setTimeout(() => process.exit(7), 20)',
      'setTimeout(() => { throw 7; }, 5)',
    ]) {
      const { status, signal } = spawnSync(process.execPath, ['-e', program(then)], { timeout: 10_000 });
      assert.equal(signal, null);
      assert.ok(status === 7 || status === 1);
    }
  });

  it('a worker may be terminated while layers are under way, again and again', async () => {
    const before = threads();
    const bodies = [
      '',
      'setInterval(() => layers.forEach(l => l.advance(l.consumed() + 1000)), 1)',
      'process.exit()',
    ];
    for (let i = 0; i < 9; i++) {
      const worker = new Worker(
        program(`${bodies[i % 3]}; require('node:worker_threads').parentPort.postMessage(1)`),
        {
          eval: true,
        },
      );
      const exited = new Promise(resolve => worker.once('exit', resolve));
      if (i % 3 !== 2) await new Promise(resolve => worker.once('message', resolve));
      await worker.terminate();
      await exited;
    }
    for (let wait = 0; threads() > before + 1 && wait < 100; wait++)
      await new Promise(resolve => setTimeout(resolve, 10));
    assert.ok(threads() <= before + 1, `${threads()} threads, ${before} before`);
  });

  it('survives garbage collection of everything that JavaScript holds', () => {
    const blobPath = join(temporary.path, 'collected');
    writeFileSync(blobPath, blob);
    const script = `
      const { startUnpack } = require(${JSON.stringify(NATIVE)});
      const fs = require('node:fs');
      const run = () => {
        const fd = fs.openSync(${JSON.stringify(blobPath)});
        const targetDir = fs.mkdtempSync(${JSON.stringify(join(temporary.path, 'gc-'))});
        const layer = startUnpack({ ...${JSON.stringify({ ...valid, blobSize: blob.length })}, blobFd: fd, targetDir });
        layer.advance(${blob.length});
        fs.closeSync(fd);
        return layer.result;
      };
      (async () => {
        for (let i = 0; i < 20; i++) { const done = run(); gc(); await done; gc(); }
        for (let i = 0; i < 20; i++) { run().catch(() => {}); gc(); }
      })().then(() => console.log('done'));`;
    assert.equal(execFileSync(process.execPath, ['--expose-gc', '-e', script]).toString(), 'done\n');
  });

  it('frees the memory of a buffer at once', () => {
    const bytes = new Uint8Array(100_000).fill(1);
    freeMemory(bytes.buffer);
    assert.equal(bytes.length, 0);
    assert.throws(() => freeMemory(bytes as unknown as ArrayBuffer), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
