import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Box } from './box';

interface Entry {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
}

const entries = (path: string): Entry[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Entry);

describe('helper: log', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  async function print(content: string | Buffer): Promise<Entry[]> {
    writeFileSync(join(box.lower, 'content'), content);
    await box.run(['cat', '/content']);
    await box.settled();
    return entries(box.log);
  }

  it('cuts a long line into parts of 16 KiB, only the last with a newline, all with the first one’s time', async () => {
    const parts = await print(`${'x'.repeat(40_000)}\nshort\n`);
    assert.deepEqual(
      parts.map(part => part.log.length),
      [16_384, 16_384, 7_233, 6],
    );
    assert.deepEqual(
      parts.map(part => part.log.endsWith('\n')),
      [false, false, true, true],
    );
    assert.equal(new Set(parts.slice(0, 3).map(part => part.time)).size, 1);
  });

  it('ends a line of exactly 16 KiB with an empty part', async () => {
    const parts = await print(`${'x'.repeat(16_384)}\n`);
    assert.deepEqual(
      parts.map(part => part.log.length),
      [16_384, 1],
    );
  });

  it('keeps every character there is', async () => {
    // In lines of 1000: a part boundary would cut a character in two.
    const codes = Array.from({ length: 0x110000 }, (_, code) => code).filter(
      code => code % 7 === 0 || code < 0x3000,
    );
    const letters = codes
      .filter(code => code < 0xd800 || code > 0xdfff)
      .map(code => String.fromCodePoint(code));
    const text = letters.map((letter, index) => (index % 1000 === 999 ? `${letter}\n` : letter)).join('');
    const parts = await print(text);
    assert.ok(parts.map(part => part.log).join('') === text);
  });

  it('writes escapes as docker does', async () => {
    await print(Buffer.from('\x00\x01\t\r"\\<>&\x7f\u2028\u2029é\n', 'utf8'));
    assert.match(
      readFileSync(box.log, 'utf8'),
      /^\{"log":"\\u0000\\u0001\\u0009\\r\\"\\\\\\u003c\\u003e\\u0026\x7f\\u2028\\u2029é\\n","stream":"stdout"/,
    );
  });

  it('finds what must be escaped at every place of a line', async () => {
    const lines = Array.from('\t"\\<>&é\x1f\u2028').flatMap(special =>
      Array.from({ length: 50 }, (_, at) => `${'-'.repeat(at)}${special}${'-'.repeat(49 - at)}`),
    );
    const parts = await print(`${lines.join('\n')}\n`);
    assert.deepEqual(
      parts.map(part => part.log),
      lines.map(line => `${line}\n`),
    );
    assert.doesNotMatch(readFileSync(box.log, 'latin1'), /[<>&\t]|\x1f/);
  });

  it('replaces each byte that is no UTF-8', async () => {
    const bad = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]];
    const parts = await print(Buffer.concat(bad.map(bytes => Buffer.from([...bytes, 10]))));
    assert.deepEqual(
      parts.map(part => part.log),
      bad.map(bytes => `${'\ufffd'.repeat(bytes.length)}\n`),
    );
  });

  it('rotates by size and keeps so many files', async () => {
    const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done';
    await box.run(['sh', '-c', script], {
      session: { log: { path: box.log, maxBytes: 20_000, maxFiles: 3 } },
    });
    await box.settled();
    const kept = [`${box.log}.2`, `${box.log}.1`, box.log].flatMap(entries).map(entry => entry.log);
    assert.ok(!existsSync(`${box.log}.3`));
    for (const path of [`${box.log}.2`, `${box.log}.1`]) {
      assert.ok(
        statSync(path).size >= 20_000 && statSync(path).size < 20_200,
        `${path}: ${statSync(path).size}`,
      );
    }
    const first = 3000 - kept.length;
    assert.deepEqual(
      kept,
      Array.from({ length: kept.length }, (_, index) => `line ${first + index}\n`),
    );
  });

  it('with one file only: starts over', async () => {
    await box.run(['seq', '1000'], { session: { log: { path: box.log, maxBytes: 5000, maxFiles: 1 } } });
    await box.settled();
    assert.ok(statSync(box.log).size < 5200);
    assert.ok(!existsSync(`${box.log}.1`));
    assert.equal(entries(box.log).at(-1)?.log, '1000\n');
  });

  it('goes on where it ended when the container starts again', async () => {
    await box.run(['echo', 'one']);
    await box.settled();
    await box.run(['echo', 'two']);
    await box.settled();
    assert.deepEqual(
      entries(box.log).map(entry => entry.log),
      ['one\n', 'two\n'],
    );
  });

  it('follows no link in place of the log', () => {
    const victim = join(box.base, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, box.log);
    assert.equal(box.launch(box.plan(['echo', 'x'])).stage, 'log');
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
  });
});
