import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { scratch, unpackTar } from '../../support/layer-folder';
import {
  base256,
  blocks,
  GNU,
  gnuLong,
  type PaxRecords,
  pax,
  tarHeader,
  USTAR,
  V7,
} from '../../support/tar-bytes';
import { content } from '../../support/tree-listing';

const RUNS = Number(process.env.TINYD_FUZZ_RUNS ?? 500);

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
/** The first value nine times out of ten: an archive with many oddities is refused for the first of them. */
const mostly = <T>(usual: T, ...odd: T[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 9 }, { arbitrary: fc.constantFrom(...odd), weight: 1 });

/** Numbers that name members are replaced by their place in the archive, so that names are mostly distinct. */
const NAMES = ['d/m#', './m#', '/m#', 'm#/', `${'l'.repeat(95)}#`, 'm1', 'm#\0tail', ''];

const record = fc.oneof(
  fc.tuple(oneOf('path'), oneOf('p#', 'p#', 'd/p#', `${'x'.repeat(200)}#`, 'p#/', '')),
  fc.tuple(oneOf('linkpath'), oneOf('m0', 'nowhere', '')),
  fc.tuple(
    oneOf('size'),
    oneOf('0', '3', '512', '513', '1024', '-1', '', '99999999999999999999', '0x3', ' 3'),
  ),
  fc.tuple(oneOf('uid', 'gid'), oneOf('0', '1000', '4294967294', '3000000')),
  fc.tuple(oneOf('mtime'), oneOf('1', '1.5', '-1.5', '1234567890.123456789123', '.5', '1.')),
  fc.tuple(oneOf('comment', 'ctime', 'VENDOR.keyword', 'charset'), oneOf('x', '')),
  fc.tuple(
    oneOf('GNU.sparse.major', 'GNU.sparse.minor', 'GNU.sparse.size', 'GNU.sparse.realsize'),
    oneOf('0', '1', '9'),
  ),
  fc.tuple(oneOf('GNU.sparse.map', 'GNU.sparse.offset', 'GNU.sparse.numbytes'), oneOf('0,3', '0', '3')),
);
const records = fc.array(record, { maxLength: 3 }) as fc.Arbitrary<[string, string][]>;

/** Of a keyword that a global header holds twice, GNU tar takes the first. */
const distinctRecords = fc.uniqueArray(record, {
  maxLength: 3,
  selector: ([keyword]) => keyword,
}) as fc.Arbitrary<[string, string][]>;

/** One piece of an archive; `#` stands for its place. */
type Piece = (place: number) => Buffer;

const fill = (text: string, place: number) => text.replaceAll('#', String(place));
const filled = (list: PaxRecords, place: number): PaxRecords =>
  list.map(([keyword, value]) => [keyword, fill(String(value), place)]);

const member: fc.Arbitrary<Piece> = fc
  .record({
    type: fc.oneof(oneOf('0', '5', '2', '1'), mostly('0', '\0', '6', '7', 'V', 'S', 'Z')),
    name: mostly('m#', ...NAMES),
    link: oneOf('m0', 'nowhere', ''),
    data: fc.oneof(fc.constant(0), oneOf(3, 512, 600)),
    claim: mostly<undefined | number | bigint>(undefined, 0, 3, 512, 1000, -1n),
    magic: oneOf(USTAR, USTAR, GNU, V7, 'ustar\x0000'.slice(0, 6)),
    prefix: mostly('', 'pre/fix'),
    checksumError: mostly(0, 1),
    patch: mostly<readonly [number, Buffer | string] | undefined>(
      undefined,
      [124, base256(3n, 12)],
      [124, '000000000003'],
      [124, '          3 '],
      [124, '3\0garbage\0\0\0'],
      [100, '0000644'],
      [108, base256(3_000_000n, 8)],
      [136, '\0'.repeat(12)],
      [508, 'tar\0'],
      [265, 'user\0'],
    ),
  })
  .map(({ type, name, link, data, claim, patch, ...rest }) => (place: number) => {
    const body = Buffer.alloc(data, 97 + (place % 26));
    const patches = patch ? [patch] : [];
    const fields = { type, name: fill(name, place), link, patches, ...rest };
    const header = tarHeader(claim === undefined ? fields : { ...fields, size: claim }, data);
    return Buffer.concat([header, blocks(body)]);
  });

const piece: fc.Arbitrary<Piece> = fc.oneof(
  { arbitrary: member, weight: 12 },
  { arbitrary: records.map(list => (place: number) => pax(filled(list, place))), weight: 2 },
  { arbitrary: distinctRecords.map(list => (place: number) => pax(filled(list, place), 'g')), weight: 1 },
  {
    arbitrary: oneOf('L', 'K').map(type => (place: number) => gnuLong(type as 'L', fill('long#', place))),
    weight: 2,
  },
  { arbitrary: fc.constant(() => Buffer.alloc(512)), weight: 1 },
);

const archive = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 8 }), oneOf(0, 512, 1024, 1024, 2048))
  .map(([pieces, end]) => {
    const first = Buffer.concat([tarHeader({ name: 'm0' }, 5), blocks(Buffer.from('first'))]);
    return Buffer.concat([first, ...pieces.map((make, i) => make(i + 1)), Buffer.alloc(end)]);
  });

/** The archive block by block: what is printable at the places of name, size, type and link. */
function outline(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 512) {
    const text = (from: number, to: number) =>
      JSON.stringify(
        bytes.toString('latin1', at + from, Math.min(bytes.length, at + to)).replace(/\0+$/, ''),
      );
    lines.push(
      `${text(0, 100)} size ${text(124, 136)} type ${text(156, 157)} link ${text(157, 257)} ${text(257, 265)}`,
    );
  }
  return lines.join('\n');
}

/** GNU tar forgets an earlier global header when there is a second; POSIX lets the records of both hold. */
function globalHeaders(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 512) if (bytes[at + 156] === 0x67) count++;
  return count;
}

/** The tree without times of folders, which GNU tar restores by other rules. */
const tree = (dir: string) => content(dir).map(line => line.replace(/^(\S+ directory .*) mtime .*/, '$1'));

describe('odd archives', () => {
  const temporary = scratch();
  after(() => temporary.remove());

  it(`are read as GNU tar reads them, or refused (${RUNS} archives)`, async function () {
    this.timeout(RUNS * 100);
    let read = 0;
    const compare = async (bytes: Buffer) => {
      const unpacked = await unpackTar(temporary.path, bytes).catch(
        (error: Error & { code: string }) => error,
      );
      if (unpacked instanceof Error) assert.equal(unpacked.code, 'ARCHIVE', unpacked.message);
      if (!('dir' in unpacked) || unpacked.pendingLinks.length > 0 || globalHeaders(bytes) > 1) return;
      read++;
      const gnu = mkdtempSync(join(temporary.path, 'gnu-'));
      const flags = ['-C', gnu, '-xpf', '-', '--xattrs', '--numeric-owner', '--delay-directory-restore'];
      spawnSync('tar', flags, { input: bytes });
      assert.deepEqual(tree(unpacked.dir), tree(gnu), `read differently:\n${outline(bytes)}`);
    };
    const property = fc.asyncProperty(archive, compare).afterEach(() => {
      for (const name of readdirSync(temporary.path)) rmSync(join(temporary.path, name), { recursive: true });
    });
    await fc.assert(property, { numRuns: RUNS, includeErrorInReport: true });
    // Refusing everything would be no reading at all.
    assert.ok(read > RUNS / 50, `${read} of ${RUNS} read`);
  });
});
