import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  CLIENT_FRAME,
  encodeClientFrame,
  MONITOR_FRAME,
  MonitorFrameReader,
} from '../../../packages/runtime/dist/attach-protocol';

const frame = (type: number, payload: readonly number[]) => {
  const header = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};

describe('attach protocol', () => {
  it('encodes what clients say', () => {
    assert.deepEqual(encodeClientFrame({ type: 'hello', wants: 5 }), frame(1, [5, 0, 0, 0]));
    assert.deepEqual(encodeClientFrame({ type: 'stdin', data: Buffer.from('ab') }), frame(2, [97, 98]));
    assert.deepEqual(
      encodeClientFrame({ type: 'resize', rows: 1, columns: 258 }),
      frame(4, [1, 0, 0, 0, 2, 1, 0, 0]),
    );
    assert.deepEqual(encodeClientFrame({ type: 'detach' }), frame(6, []));
    assert.throws(() => encodeClientFrame({ type: 'stdin', data: Buffer.alloc(65_537) }), RangeError);
  });

  it('reads what the monitor says, however it is cut into pieces', () => {
    const stream = Buffer.concat([
      frame(65, [1, 2, 3]),
      frame(66, []),
      frame(67, [0, 1, 0, 0]),
      frame(69, [98, 97, 100]),
      frame(68, [137, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0]),
    ]);
    for (let size = 1; size <= stream.length; size++) {
      const reader = new MonitorFrameReader();
      const frames = [];
      for (let at = 0; at < stream.length; at += size)
        frames.push(...reader.push(stream.subarray(at, at + size)));
      assert.deepEqual(frames, [
        { type: 'stdout', data: Buffer.from([1, 2, 3]) },
        { type: 'stderr', data: Buffer.alloc(0) },
        { type: 'windowOpen', bytes: 256 },
        { type: 'error', message: 'bad' },
        { type: 'exit', code: 137, signal: 9, oomKilled: true },
      ]);
    }
  });

  it('refuses what no monitor says', () => {
    assert.throws(() => new MonitorFrameReader().push(frame(1, [])), RangeError);
    assert.throws(() => new MonitorFrameReader().push(Buffer.from([65, 0, 0, 0, 1, 0, 1, 0])), RangeError);
    assert.throws(() => new MonitorFrameReader().push(frame(68, [1])), RangeError);
  });

  it('numbers frames as the helper does', () => {
    const header = readFileSync(resolve(__dirname, '../../../../native/helper/frames.h'), 'utf8');
    const numbers = Object.fromEntries(
      [...header.matchAll(/^ {2}FRAME_(\w+) = (\d+)/gm)].map(([, name, value]) => [name, Number(value)]),
    );
    const snake = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase();
    const ours = Object.entries({ ...CLIENT_FRAME, ...MONITOR_FRAME }).map(([name, value]) => [
      snake(name),
      value,
    ]);
    assert.deepEqual(numbers, Object.fromEntries(ours));
  });
});
