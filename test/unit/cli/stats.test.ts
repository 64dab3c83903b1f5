import assert from 'node:assert/strict';
import type { ContainerUsage, CpuTime, StatsSample } from '@tinyd/runtime';
import { renderListing } from '../../../packages/cli/dist/present/list';
import { redraw } from '../../../packages/cli/dist/present/redraw';
import { cpuPercent, statsListing } from '../../../packages/cli/dist/present/stats-rows';

const SECOND = 1e9;

function cpuTime(seconds: number, cpuNanoseconds: number): CpuTime {
  return { takenAtNanoseconds: seconds * SECOND, cpuNanoseconds };
}

function sample(seconds: number, usage?: Partial<ContainerUsage>): StatsSample {
  const zero = {
    memoryBytes: 0,
    memoryLimitBytes: 2 ** 26,
    blockReadBytes: 0,
    blockWrittenBytes: 0,
    pids: 1,
  };
  return {
    id: 'a'.repeat(64),
    name: 'web',
    takenAtNanoseconds: seconds * SECOND,
    ...(usage && {
      usage: { cpuNanoseconds: 0, networkReceivedBytes: 0, networkSentBytes: 0, ...zero, ...usage },
    }),
  };
}

describe('rows of stats', () => {
  it('tell CPU use by differences, two busy CPUs being 200 %', () => {
    const now = sample(12, { cpuNanoseconds: 9e9 });
    assert.equal(cpuPercent(cpuTime(10, 5e9), now), 200);
    assert.equal(cpuPercent(undefined, now), 0, 'it was started meanwhile');
    assert.equal(cpuPercent(cpuTime(10, 99e9), now), 0, 'it was started again meanwhile');
    assert.equal(cpuPercent(cpuTime(10, 5e9), sample(12)), 0, 'it has ended meanwhile');
  });

  it('read like docker stats', () => {
    const now = sample(12, {
      cpuNanoseconds: 1e9,
      memoryBytes: 31.5 * 2 ** 20,
      networkReceivedBytes: 1050,
      networkSentBytes: 12_345_678,
      blockReadBytes: 4096,
      pids: 7,
    });
    const pairs = [
      { before: cpuTime(10, 0), now, shownAs: 'web' },
      { before: undefined, now: sample(12), shownAs: 'web' },
    ];
    assert.equal(
      renderListing(statsListing(pairs, false), { quiet: false }),
      [
        'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O           BLOCK I/O    PIDS',
        'aaaaaaaaaaaa   web       50.00%    31.5MiB / 64MiB     49.22%    1.05kB / 12.3MB   4.1kB / 0B   7',
        'aaaaaaaaaaaa   web       0.00%     0B / 0B             0.00%     0B / 0B           0B / 0B      0',
        '',
      ].join('\n'),
    );
  });

  it('replace what a terminal shows, and say what has no room', () => {
    assert.equal(redraw('a\nb\n', { rows: 24, columns: 80 }), '\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J');
    assert.equal(redraw('a\nb\n', { rows: undefined, columns: 0 }), '\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J');
    const shown = redraw('h\n1\n2\n3\n4\n5\n', { rows: 5, columns: undefined }).replaceAll(
      /\x1b\[[HKJ]/g,
      '',
    );
    assert.equal(shown, 'h\n1\n2\n… and 3 more lines\n');
    assert.equal(redraw('üabcd\nxy\n', { rows: 24, columns: 4 }), '\x1b[Hüabc\nxy\x1b[K\n\x1b[J');
  });
});
