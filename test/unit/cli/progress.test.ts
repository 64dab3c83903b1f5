import assert from 'node:assert/strict';
import type { Digest } from '@tinyd/core';
import type { LayerEvent, PullEvent } from '@tinyd/store';
import { barLines } from '../../../packages/cli/dist/progress/bar-lines';
import { Painter } from '../../../packages/cli/dist/progress/painter';
import { PlainProgress, TerminalProgress } from '../../../packages/cli/dist/progress/pull-progress';
import { EMPTY_PULL, reducePull } from '../../../packages/cli/dist/progress/pull-state';

function digest(index: number): Digest {
  return `sha256:${String(index).padStart(64, '0').split('').reverse().join('')}` as Digest;
}

function layer(index: number, status: LayerEvent['status'], bytes = 0, size = 1_000_000): LayerEvent {
  return { type: 'layer', digest: digest(index), status, bytes, size };
}

function stateOf(...events: PullEvent[]) {
  return events.reduce(reducePull, EMPTY_PULL);
}

/** A terminal that understands what the painter writes: cursor up, carriage return, line feed, clear. */
class Screen {
  readonly lines: string[] = [''];
  private row = 0;
  private column = 0;

  constructor(readonly columns: number) {}

  write(bytes: string): void {
    for (const part of bytes.match(/\x1b\[\d*[A-Z]|[\s\S]/g) ?? []) this.apply(part);
  }

  private apply(part: string): void {
    const up = /^\x1b\[(\d+)A$/.exec(part);
    if (up !== null) this.row -= Number(up[1]);
    else if (part === '\x1b[K') this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
    else if (part === '\x1b[J') {
      this.lines.length = this.row + 1;
      this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
    } else if (part === '\r') this.column = 0;
    else if (part === '\n') this.moveTo(this.row + 1);
    else this.put(part);
    assert.ok(this.row >= 0, 'the cursor left the screen');
  }

  private put(character: string): void {
    if (this.column === this.columns) this.moveTo(this.row + 1);
    const line = (this.lines[this.row] ?? '').padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
    this.column += 1;
  }

  private moveTo(row: number): void {
    this.row = row;
    this.column = 0;
    this.lines[row] ??= '';
  }
}

describe('pull progress', () => {
  it('keeps the layers in their order, whatever order the events have', () => {
    const layers = [1, 2, 3].map(index => ({ digest: digest(index), size: 10 }));
    const state = stateOf(
      { type: 'layers', layers },
      layer(3, 'done', 10, 10),
      layer(1, 'downloading', 5, 10),
    );
    assert.deepEqual(
      state.layers.map(each => each.status),
      ['downloading', 'waiting', 'done'],
    );
  });

  it('draws bars no wider than the terminal', () => {
    const state = stateOf(
      layer(1, 'downloading', 500_000),
      layer(2, 'done'),
      layer(3, 'unpacking', 1_000_000),
    );
    assert.deepEqual(barLines(state, 100, 24), [
      '100000000000: Downloading [=========================>                        ] 500kB/1MB',
      '200000000000: Pull complete',
      '300000000000: Extracting [==================================================] 1MB/1MB',
    ]);
    for (const columns of [20, 40, 50, 60, 79, 80, 200]) {
      assert.ok(
        barLines(state, columns, 24).every(line => line.length < columns),
        `${columns} columns`,
      );
    }
  });

  it('counts finished layers where there are more than rows', () => {
    const events = Array.from({ length: 20 }, (_, index) =>
      layer(index, index < 15 ? 'done' : 'downloading'),
    );
    const lines = barLines(stateOf(...events), 80, 10);
    assert.equal(lines.length, 6);
    assert.equal(lines[0], '15 of 20 layers complete');
    const waiting = Array.from({ length: 20 }, (_, index) => layer(index, 'waiting'));
    assert.equal(barLines(stateOf(...waiting), 80, 10).length, 9);
    assert.equal(barLines(stateOf(...waiting), 80, 10)[0], '0 of 20 layers complete, 12 more to come');
  });

  it('redraws in place and leaves nothing of longer lines', () => {
    const screen = new Screen(80);
    const painter = new Painter();
    const size = { columns: 80, rows: 24 };
    screen.write('before\n');
    screen.write(painter.paint(['one: a long line', 'two'], size));
    screen.write(painter.paint(['one: short', 'two', 'three'], size));
    screen.write(painter.print('a notice', size));
    screen.write(painter.paint(['one'], size));
    assert.deepEqual(screen.lines, ['before', 'a notice', 'one', '']);
    assert.equal(painter.paint(['one'], size), '');
  });

  it('finds its first line again when the terminal became narrower', () => {
    const painter = new Painter();
    painter.paint(['x'.repeat(70), 'y'.repeat(70)], { columns: 80, rows: 24 });
    assert.match(painter.paint(['short'], { columns: 40, rows: 24 }), /^\r\x1b\[4A/);
  });

  it('ends tidily on a terminal', () => {
    const screen = new Screen(80);
    const progress = new TerminalProgress(
      text => screen.write(text),
      () => ({ columns: 80, rows: 24 }),
    );
    progress.line('latest: Pulling from library/nginx');
    progress.event(layer(1, 'downloading', 1));
    progress.event({ type: 'notice', notice: { type: 'warning', text: 'careful\x1b[2J' } });
    progress.event(layer(1, 'done'));
    progress.close();
    assert.deepEqual(screen.lines, [
      'latest: Pulling from library/nginx',
      'warning: careful',
      '100000000000: Pull complete',
      '',
    ]);
  });

  it('prints one line per change elsewhere', () => {
    const output: string[] = [];
    const progress = new PlainProgress(text => output.push(text));
    for (const bytes of [1, 2, 3]) progress.event(layer(1, 'downloading', bytes));
    progress.event(layer(2, 'exists'));
    progress.event(layer(1, 'unpacking', 3));
    progress.event(layer(1, 'done', 3));
    progress.close();
    assert.deepEqual(output, [
      '100000000000: Downloading\n',
      '200000000000: Already exists\n',
      '100000000000: Extracting\n',
      '100000000000: Pull complete\n',
    ]);
  });
});
