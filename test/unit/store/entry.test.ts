import assert from 'node:assert/strict';
import { type Descriptor, type Digest, parseReference } from '@tinyd/core';
import { fromDescriptor, type ImageEntry, toDescriptor } from '../../../packages/store/dist/images/entry';
import { historyRows } from '../../../packages/store/dist/images/history';
import {
  blobPath,
  layerFolder,
  layerLinkName,
  layerLinkTarget,
  partialPath,
  storeLayout,
} from '../../../packages/store/dist/layout';
import { CommitGroup } from '../../../packages/store/dist/pull/commit-group';
import { Slots } from '../../../packages/store/dist/pull/slots';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}` as Digest;

describe('an entry of index.json', () => {
  const entry: ImageEntry = {
    target: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: DIGEST, size: 7 },
    reference: parseReference('nginx:1.27'),
    repository: 'docker.io/library/nginx',
    manifest: DIGEST,
    imageId: DIGEST,
    platform: 'linux/arm64',
    origin: 'pull',
    updated: '2026-01-02T03:04:05.678Z',
  };

  it('comes back as it was written', () => {
    assert.deepEqual(fromDescriptor(JSON.parse(JSON.stringify(toDescriptor(entry)))), entry);
    const { reference: _, ...nameless } = entry;
    assert.deepEqual(fromDescriptor(toDescriptor(nameless)), nameless);
  });

  it('has its canonical name where OCI tools look for it', () => {
    const { annotations } = toDescriptor(entry);
    assert.equal(annotations?.['org.opencontainers.image.ref.name'], 'docker.io/library/nginx:1.27');
  });

  it('carries nothing of the annotations that the registry sent', () => {
    const target = {
      ...entry.target,
      annotations: { 'io.tinyd.image.id': 'forged', x: 'y' },
      urls: ['http://x'],
    };
    assert.deepEqual(toDescriptor({ ...entry, target }), toDescriptor(entry));
  });

  it('is somebody else’s without valid digests', () => {
    const descriptor = toDescriptor(entry);
    for (const value of ['', 'sha256:../x', undefined]) {
      const annotations = { ...descriptor.annotations, 'io.tinyd.image.manifest': value } as Record<
        string,
        string
      >;
      assert.equal(fromDescriptor({ ...descriptor, annotations }), undefined);
    }
    assert.equal(fromDescriptor({ mediaType: 'x', digest: DIGEST, size: 1 } as Descriptor), undefined);
  });
});

describe('the layout', () => {
  const layout = storeLayout('/r');

  it('names objects by their digests', () => {
    const hex = '0123456789abcdef'.repeat(4);
    assert.equal(blobPath(layout, DIGEST), `/r/blobs/sha256/${hex}`);
    assert.equal(partialPath(layout, DIGEST), `/r/partial/sha256-${hex}`);
    assert.equal(layerFolder(layout, DIGEST), `/r/layers/${hex}`);
    assert.equal(layerLinkTarget(DIGEST), `../layers/${hex}/diff`);
  });

  it('fits 127 lower dirs and the rest of the options into one mount call', () => {
    const lower = Array.from({ length: 127 }, () => layerLinkName(DIGEST)).join(':');
    const container = `containers/${'f'.repeat(64)}`;
    const options = `lowerdir=${lower},upperdir=${container}/upper,workdir=${container}/work`;
    assert.ok(options.length <= 4095, `${options.length}`);
  });
});

describe('matching build steps with layers', () => {
  const config = (history: object[]) => ({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers' as const, diff_ids: [] },
    history,
  });
  const sizes = (history: object[], layers: number[]) =>
    historyRows(config(history), layers).map(({ createdBy, sizeBytes }) => [createdBy, sizeBytes]);

  it('gives sizes only to steps that made a layer', () => {
    const steps = [{ created_by: 'ADD' }, { created_by: 'CMD', empty_layer: true }, { created_by: 'RUN' }];
    assert.deepEqual(sizes(steps, [5, 7]), [
      ['ADD', 5],
      ['CMD', 0],
      ['RUN', 7],
    ]);
  });

  it('shows layers that the history does not speak of, and steps whose layer is missing', () => {
    assert.deepEqual(sizes([], [5, 7]), [
      ['', 5],
      ['', 7],
    ]);
    assert.deepEqual(sizes([{ created_by: 'A' }, { created_by: 'B' }], [5]), [
      ['A', 5],
      ['B', 0],
    ]);
  });
});

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

  it('lets nobody begin during a commit', async () => {
    let end: (() => void) | undefined;
    const group = new CommitGroup<string>(() => new Promise(resolve => (end = resolve)));
    await group.enter();
    const finished = group.finish('a');
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
