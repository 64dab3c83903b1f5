import { strict as assert } from 'node:assert';
import type { VolumeSummary } from '@tinyd/runtime';
import { isVolumeName } from '@tinyd/runtime';
import {
  prunableVolumes,
  prunesAll,
  selectVolumes,
} from '../../../packages/cli/dist/use-cases/filter-volumes';

describe('volume names', () => {
  it('are two or more of a few characters, and never a way elsewhere', () => {
    for (const name of ['ab', 'a.b', 'a..', '0_-', 'x'.repeat(255), 'F'.repeat(64)])
      assert.ok(isVolumeName(name), name);
    const wrong = [
      '',
      'a',
      '.',
      '..',
      '.ab',
      '-ab',
      '_ab',
      'a/b',
      'a b',
      'a\0b',
      'ab\n',
      'ä1',
      'x'.repeat(256),
    ];
    for (const name of wrong) assert.ok(!isVolumeName(name), JSON.stringify(name));
  });
});

describe('volumes selected', () => {
  const volume = (name: string, fields: Partial<VolumeSummary> = {}): VolumeSummary => ({
    name,
    driver: 'local',
    created: '2026-03-01T10:00:00Z',
    labels: {},
    anonymous: false,
    mountpoint: `/v/${name}/_data`,
    containers: [],
    ...fields,
  });
  const all = [
    volume('used', { containers: ['web'], anonymous: true }),
    volume('free', { anonymous: true, labels: { tier: 'db' } }),
    volume('named', { labels: { tier: 'web', keep: '' } }),
  ];
  const names = (volumes: readonly VolumeSummary[]) => volumes.map(({ name }) => name);

  it('by the filters of a list', () => {
    assert.deepEqual(names(selectVolumes(all, [])), ['used', 'free', 'named']);
    assert.deepEqual(names(selectVolumes(all, ['dangling=1', 'label=tier'])), ['free', 'named']);
    assert.deepEqual(names(selectVolumes(all, ['label=tier=db', 'label=keep'])), []);
    assert.deepEqual(names(selectVolumes(all, ['name=us', 'name=fr'])), ['used', 'free']);
    assert.throws(() => selectVolumes([], ['dangling=maybe']), /want true or false/);
    assert.throws(() => selectVolumes([], ['until=1h']), /there is no filter "until"/);
  });

  it('for removal: unused, and anonymous unless all are meant', () => {
    assert.deepEqual(names(prunableVolumes(all, [], false)), ['free']);
    assert.deepEqual(names(prunableVolumes(all, [], true)), ['free', 'named']);
    assert.deepEqual(names(prunableVolumes(all, ['label!=keep'], true)), ['free']);
    assert.deepEqual(names(prunableVolumes(all, ['label=tier=web'], true)), ['named']);
    assert.ok(prunesAll(['all=true']));
    assert.ok(!prunesAll(['all=0', 'label=x']));
  });
});
