import assert from 'node:assert/strict';
import { CommitGroup } from '../../../packages/store/dist/pull/commit-group';
import { Slots } from '../../../packages/store/dist/pull/slots';

describe('committing in groups', () => {
  it('waits until nobody is working, then commits everything at once', async () => {
    const batches: string[][] = [];
    const group = new CommitGroup<string>(async items => {
      batches.push([...items]);
    });
    await group.enter();
    await group.enter();
    const first = group.finish('a');
    assert.deepEqual(batches, []);
    const second = group.finish('b');
    await Promise.all([first, second]);
    assert.deepEqual(batches, [['a', 'b']]);
  });

  it('commits what is finished while somebody waits for others', async () => {
    const batches: string[][] = [];
    const group = new CommitGroup<string>(async items => {
      batches.push([...items]);
    });
    await group.enter();
    await group.enter();
    const first = group.finish('a');
    group.leave();
    await first;
    await group.enter();
    await group.finish('b');
    assert.deepEqual(batches, [['a'], ['b']]);
  });

  it('commits what is finished together with whoever waited for it', async () => {
    const batches: string[][] = [];
    const group = new CommitGroup<string>(async items => {
      batches.push([...items]);
    });
    const settled: (() => void)[] = [];
    const items = ['a', 'b', 'c'];
    const waits = items.map(() => new Promise<void>(resolve => settled.push(resolve)));
    settled[0]?.();
    const layers = items.map(async (item, index) => {
      await group.enter();
      group.leave();
      await waits[index];
      await group.enter();
      await new Promise(setImmediate);
      settled[index + 1]?.();
      await group.finish(item);
    });
    await Promise.all(layers);
    assert.deepEqual(batches, [items]);
  });

  it('lets nobody begin during a commit', async () => {
    let end: (() => void) | undefined;
    const group = new CommitGroup<string>(() => new Promise(resolve => (end = resolve)));
    await group.enter();
    const finished = group.finish('a');
    await new Promise(setImmediate);
    assert.notEqual(end, undefined);
    let hasEntered = false;
    const entering = group.enter().then(() => {
      hasEntered = true;
    });
    await new Promise(setImmediate);
    assert.equal(hasEntered, false);
    end?.();
    await Promise.all([finished, entering]);
  });

  it('tells everybody when the commit fails', async () => {
    const group = new CommitGroup<string>(() => Promise.reject(new Error('full')));
    await group.enter();
    await group.enter();
    const results = await Promise.allSettled([group.finish('a'), group.finish('b')]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
  });
});

describe('slots', () => {
  it('are never more than given, and pass on in order', async () => {
    const slots = new Slots(2);
    const { signal } = new AbortController();
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        slots.use(signal, async () => {
          most = Math.max(most, ++running);
          await new Promise(setImmediate);
          order.push(i);
          running--;
        }),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
  });

  it('are given back after a failure, and refused after an abort', async () => {
    const slots = new Slots(1);
    const stop = new AbortController();
    await assert.rejects(
      slots.use(stop.signal, () => Promise.reject(new Error('x'))),
      /x/,
    );
    assert.equal(await slots.use(stop.signal, async () => 1), 1);
    stop.abort(new Error('stopped'));
    await assert.rejects(
      slots.use(stop.signal, async () => 1),
      /stopped/,
    );
    assert.equal(await slots.use(new AbortController().signal, async () => 2), 2);
  });
});
