// Builds the unpack engine without Node under sanitizers, and fuzzes it.
// node native/test/run.mjs [--seconds N] [--seed N]
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { constants, crc32, gzipSync } from 'node:zlib';

const native = join(dirname(fileURLToPath(import.meta.url)), '..');
const tests = join(native, 'test', 'unpack');
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const work = mkdtempSync(join(tmpdir(), 'tinyd-native-test-'));
const include = join(process.execPath, '../../include/node');
const flags = ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Werror'];
const engine = readdirSync(join(native, 'src/unpack')).filter(name => name.endsWith('.cc'));

/** When the newest of the files that any object could depend on was changed. */
const newest = ['src/unpack', 'src/sys', 'test/unpack', 'helper']
  .flatMap(folder => readdirSync(join(native, folder)).map(name => join(native, folder, name)))
  .reduce((time, path) => Math.max(time, statSync(path).mtimeMs), 0);
const isFresh = path => existsSync(path) && statSync(path).mtimeMs > newest;

/** Runs a program to its end; its output is ours. */
function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.slice(0, 4).join(' ')}: ${signal ?? code}`));
    });
  });
}

/** Compiles sources two at a time and links programs from them; does nothing when nothing has changed. */
async function build(kind, sanitize, programs) {
  const dir = join(native, 'build', kind);
  if (programs.every(program => isFresh(join(dir, program)))) return dir;
  mkdirSync(dir, { recursive: true });
  const common = ['-c', '-g', '-O1', sanitize, '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  const cxx = [...common, ...flags, `-I${join(native, 'src')}`, `-I${tests}`, `-I${include}`];
  const removeTree = join(native, 'helper/remove_tree.c');
  const jobs = [['gcc', [...common, '-D_GNU_SOURCE', '-o', join(dir, 'remove_tree.o'), removeTree]]];
  const compile = (from, name) =>
    jobs.push(['g++', [...cxx, '-o', join(dir, `${name}.o`), join(from, name)]]);
  for (const name of engine) compile(join(native, 'src/unpack'), name);
  for (const name of ['mutate.cc', ...programs.map(program => `${program}.cc`)]) compile(tests, name);
  const worker = async () => {
    for (let job = jobs.pop(); job; job = jobs.pop()) await run(...job);
  };
  await Promise.all([worker(), worker()]);
  const objects = [...engine.map(name => `${name}.o`), 'mutate.cc.o', 'remove_tree.o'].map(name =>
    join(dir, name),
  );
  // Debian has no zlib headers by default; the libraries themselves are everywhere.
  const libraries = ['-l:libz.so.1', '-l:libcrypto.so.3', '-ldl', '-pthread'];
  for (const program of programs) {
    await run('g++', [
      sanitize,
      '-o',
      join(dir, program),
      join(dir, `${program}.cc.o`),
      ...objects,
      ...libraries,
    ]);
  }
  return dir;
}

/** Small archives in all dialects, to start from. */
function corpus() {
  const tree = join(work, 'tree');
  const script = `rm -rf tree; mkdir -p tree/a/b tree/d; cd tree; echo x > a/b/file; ln a/b/file d/hard; ln -s ../a d/soft
    mkfifo d/pipe; truncate -s 40000 d/sparse; printf data | dd of=d/sparse bs=1 seek=17000 conv=notrunc status=none
    touch a/.wh.gone a/b/.wh..wh..opq; mkdir -p d/${'n'.repeat(120)}; ln -s ${'t'.repeat(150)} d/long; python3 -c 'import os; os.setxattr("a", "user.x", b"y")' || true
    rm -f ../*.tar
    for f in v7 ustar gnu oldgnu posix; do tar -H $f -cf ../$f.tar . 2>/dev/null || true; done
    tar -H gnu -S -cf ../sparse-gnu.tar d; tar -H posix --xattrs --xattrs-include='*' -cf ../xattrs.tar a
    for v in 0.0 0.1 1.0; do tar -H posix -S --sparse-version=$v -cf ../sparse-$v.tar d/sparse; done`;
  execFileSync('bash', ['-c', script], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(tree, { recursive: true });
  return readdirSync(work)
    .filter(name => name.endsWith('.tar'))
    .map(name => join(work, name));
}

/** A layer for the engine with threads: path, size, digest, diff ID. */
function layer(archives) {
  const tar = Buffer.concat([
    readFileSync(archives.find(name => name.endsWith('/gnu.tar'))),
    Buffer.alloc(3_000_000),
  ]);
  const blob = gzipSync(tar);
  const path = join(work, 'layer.tar.gz');
  writeFileSync(path, blob);
  const digest = bytes => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return [path, String(blob.length), digest(blob), digest(tar)];
}

/** gzip streams of all kinds of blocks and headers, whole and in several members. */
function streams(archives) {
  const tar = readFileSync(archives.find(name => name.endsWith('/gnu.tar'))).subarray(0, 12_000);
  const packed = [
    ...[0, 1, 6, 9].map(level => gzipSync(tar, { level })),
    gzipSync(tar, { strategy: constants.Z_FIXED }),
    gzipSync(tar, { strategy: constants.Z_HUFFMAN_ONLY }),
    gzipSync(Buffer.alloc(70_000)),
    gzipSync(Buffer.alloc(0)),
  ];
  // Flags of RFC 1952: extra field, name and comment, each before what `gzip` itself writes.
  const [, , plain] = packed;
  const fields = Buffer.concat([Buffer.from([3, 0]), Buffer.from('abcname\0comment\0')]);
  const named = Buffer.concat([plain.subarray(0, 10), fields, plain.subarray(10)]);
  named[3] = 0x1c;
  // With a checksum of its own (FHCRC): the lower half of the CRC-32 of the header so far.
  const checked = Buffer.concat([plain.subarray(0, 10), fields]);
  checked[3] = 0x1e;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(checked));
  const whole = Buffer.concat([checked, checksum.subarray(0, 2), plain.subarray(10)]);
  const all = [
    ...packed,
    named,
    whole,
    Buffer.concat(packed),
    Buffer.concat([plain, Buffer.alloc(9), plain]),
  ];
  return all.map((bytes, index) => {
    const path = join(work, `${index}.gz`);
    writeFileSync(path, bytes);
    return path;
  });
}

try {
  const archives = corpus();
  const address = await build('asan', '-fsanitize=address,undefined', ['fuzz', 'inflate_fuzz', 'pipe_test']);
  await run(join(address, 'fuzz'), [values.seconds, values.seed, ...archives]);
  await run(join(address, 'fuzz'), ['--layer', values.seconds, values.seed, ...archives]);
  await run(join(address, 'inflate_fuzz'), [values.seconds, values.seed, ...streams(archives)]);
  await run(join(address, 'pipe_test'), [...layer(archives), '60']);
  const threads = await build('tsan', '-fsanitize=thread', ['pipe_test']);
  await run(join(threads, 'pipe_test'), [...layer(archives), '60']);
} finally {
  rmSync(work, { recursive: true });
}
