import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateOptions } from '@tinyd/runtime';
import { BusyboxRoot } from './busybox-root';

describe('what a container writes', () => {
  let box: BusyboxRoot;
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box.dispose());

  const started = async (script: string, changes: Partial<CreateOptions> = {}) => {
    const container = await box.runtime.create(box.options(['sh', '-c', script], changes));
    await container.start();
    return container;
  };
  const collect = async (entries: AsyncIterable<{ text: string }>) => {
    let text = '';
    for await (const entry of entries) text += entry.text;
    return text;
  };

  it('is followed across rotations, whole and once', async () => {
    const script = 'i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done';
    const log = { driver: 'json-file', maxBytes: 64 * 1024, maxFiles: 10 } as const;
    const container = await started(script, { log });
    const expected = Array.from({ length: 4000 }, (_, index) => `line ${index}\n`).join('');
    assert.equal(await collect(container.logs({ follow: true })), expected);
    const dir = join(box.root, 'containers', container.id);
    const files = readdirSync(dir).filter(name => name.includes('-json.log'));
    assert.ok(files.length > 3, `${files.length} files`);
    for (const name of files) assert.ok(statSync(join(dir, name)).size <= 64 * 1024 + 16 * 1024, name);
    assert.equal(await collect(container.logs({ tail: 3 })), 'line 3997\nline 3998\nline 3999\n');
  });

  it('keeps only as many files as asked', async () => {
    const log = { driver: 'json-file', maxBytes: 16 * 1024, maxFiles: 2 } as const;
    const container = await started('i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done', { log });
    await container.wait();
    const dir = join(box.root, 'containers', container.id);
    assert.equal(readdirSync(dir).filter(name => name.includes('-json.log')).length, 2);
    assert.ok((await collect(container.logs())).endsWith('line 1999\n'));
  });

  it('long lines, bytes that are no text, and the last line without a break', async () => {
    const script = String.raw`head -c 50000 /dev/zero | tr '\0' x; echo; printf 'a\tb"\\\033[1m'`;
    const container = await started(script);
    await container.wait();
    assert.equal(await collect(container.logs()), `${'x'.repeat(50000)}\na\tb"\\\x1b[1m`);
  });

  it('is not kept with the driver none', async () => {
    const container = await started('echo x', { log: { driver: 'none', maxBytes: 0, maxFiles: 1 } });
    await container.wait();
    assert.equal(await collect(container.logs()), '');
    assert.ok(!existsSync(join(box.root, 'containers', container.id, `${container.id}-json.log`)));
  });

  it('a memory hog is recorded as killed for want of memory', async () => {
    const limits = { memoryBytes: 16 << 20, memorySwapBytes: 16 << 20 };
    const container = await started('head -c 200m /dev/zero | tail', { limits });
    assert.notEqual(await container.wait(), 0);
    const state = container.inspect().State as { OOMKilled: boolean; ExitCode: number };
    assert.equal(state.OOMKilled, true);
  });
});
