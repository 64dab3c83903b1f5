import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parseMount } from '../../../../packages/cli/dist/flags/mount';
import { parseTmpfs } from '../../../../packages/cli/dist/flags/tmpfs';
import { parseVolume, parseVolumesFrom } from '../../../../packages/cli/dist/flags/volume';
import { refusal } from './refusal';

describe('mounts', () => {
  it('read binds with options', () => {
    const bind = { source: '/a', target: '/b', readOnly: false, propagation: 'rprivate', createSource: true };
    assert.deepEqual(parseVolume('volume', '/a:/b'), { type: 'bind', bind });
    assert.deepEqual(parseVolume('volume', '/a/../a/:/b/'), { type: 'bind', bind });
    assert.deepEqual(parseVolume('volume', '/a:/b:ro,rslave'), {
      type: 'bind',
      bind: { ...bind, readOnly: true, propagation: 'rslave' },
    });
    assert.deepEqual(parseVolume('volume', './x:/b'), {
      type: 'bind',
      bind: { ...bind, source: join(process.cwd(), 'x') },
    });
  });

  it('read volumes, named and anonymous', () => {
    const volume = { target: '/b', readOnly: false, noCopy: false };
    assert.deepEqual(parseVolume('volume', '/b/'), { type: 'volume', volume });
    assert.deepEqual(parseVolume('volume', 'data:/b'), {
      type: 'volume',
      volume: { ...volume, name: 'data' },
    });
    assert.deepEqual(parseVolume('volume', 'data:/b:nocopy,ro'), {
      type: 'volume',
      volume: { ...volume, name: 'data', readOnly: true, noCopy: true },
    });
  });

  it('read --volumes-from', () => {
    assert.deepEqual(parseVolumesFrom('volumes-from', 'web'), { container: 'web', readOnly: false });
    assert.deepEqual(parseVolumesFrom('volumes-from', 'web:ro'), { container: 'web', readOnly: true });
    for (const text of ['', ':ro', 'web:rx', 'web:ro:ro']) {
      assert.equal(
        refusal(() => parseVolumesFrom('volumes-from', text)),
        'INVALID',
        text,
      );
    }
  });

  it('refuse relative and rooted targets, names that are none, and unknown options', () => {
    const wrong = [
      '/a:b',
      '/a:/',
      '/a:/..',
      '/a:/b:rx',
      '/a:/b:ro:x',
      ':/b',
      '/a:',
      'data:b',
      'd:/b',
      '-x:/b',
    ];
    // What is for volumes alone, and what is for host folders alone (CVE-2024-1753).
    wrong.push(
      'a/b:/c',
      'data',
      '/',
      '/a:/b:nocopy',
      '/a:/b:ro,rw',
      '/a:/b:z,Z',
      'data:/b:rshared',
      'data:/b:bind',
      'data:/b:upperdir=x',
    );
    for (const text of wrong) {
      assert.equal(
        refusal(() => parseVolume('volume', text)),
        'INVALID',
        text,
      );
    }
  });

  it('read --tmpfs with a closed list of options', () => {
    assert.deepEqual(parseTmpfs('tmpfs', '/run'), { target: '/run', options: [] });
    assert.deepEqual(parseTmpfs('tmpfs', '/run:rw,size=64m,mode=1777'), {
      target: '/run',
      options: ['rw', 'size=64m', 'mode=1777'],
    });
    for (const text of ['run', '/run:size=x', '/run:mode=999', '/run:upperdir=/etc']) {
      assert.equal(
        refusal(() => parseTmpfs('tmpfs', text)),
        'INVALID',
        text,
      );
    }
  });

  it('read --mount', () => {
    assert.deepEqual(parseMount('mount', 'type=bind,src=/a,dst=/b,readonly'), {
      type: 'bind',
      bind: { source: '/a', target: '/b', readOnly: true, propagation: 'rprivate', createSource: false },
    });
    assert.deepEqual(parseMount('mount', 'type=bind,"source=/a,b",target=/c'), {
      type: 'bind',
      bind: { source: '/a,b', target: '/c', readOnly: false, propagation: 'rprivate', createSource: false },
    });
    assert.deepEqual(parseMount('mount', 'type=tmpfs,destination=/c,tmpfs-size=1m,tmpfs-mode=700'), {
      type: 'tmpfs',
      tmpfs: { target: '/c', options: ['size=1048576', 'mode=700'] },
    });
    assert.deepEqual(parseMount('mount', 'source=vol,target=/c,volume-nocopy,volume-subpath=a/b'), {
      type: 'volume',
      volume: { name: 'vol', target: '/c', readOnly: false, noCopy: true, subpath: 'a/b' },
    });
    assert.deepEqual(parseMount('mount', 'type=volume,target=/c,ro'), {
      type: 'volume',
      volume: { target: '/c', readOnly: true, noCopy: false },
    });
    const bound = {
      source: '/a',
      target: '/b',
      readOnly: true,
      propagation: 'rprivate',
      createSource: false,
    };
    const below: [string, object][] = [
      ['bind-recursive=enabled', {}],
      ['bind-recursive=disabled', { submounts: 'hidden' }],
      ['bind-nonrecursive', { submounts: 'hidden' }],
      ['bind-recursive=writable', { submounts: 'writable' }],
      ['bind-recursive=readonly,bind-propagation=rprivate', {}],
      ['consistency=cached', {}],
    ];
    for (const [fields, more] of below) {
      assert.deepEqual(parseMount('mount', `type=bind,src=/a,dst=/b,ro,${fields}`), {
        type: 'bind',
        bind: { ...bound, ...more },
      });
    }
    assert.deepEqual(
      parseMount('mount', 'src=vol,dst=/c,volume-driver=local,volume-label=a=b,volume-label=c'),
      {
        type: 'volume',
        volume: { name: 'vol', target: '/c', readOnly: false, noCopy: false, labels: { a: 'b', c: '' } },
      },
    );
    assert.deepEqual(
      parseMount(
        'mount',
        'src=vol,dst=/c,"volume-opt=o=bind,ro",volume-opt=type=none,volume-opt=device=/srv',
      ),
      {
        type: 'volume',
        volume: {
          name: 'vol',
          target: '/c',
          readOnly: false,
          noCopy: false,
          folder: { path: '/srv', recursive: false, readOnly: true },
        },
      },
    );
    for (const text of [
      'source=vol,target=/c,volume-driver=nfs',
      'source=vol,target=/c,volume-opt=type=tmpfs',
      'type=npipe,source=x,target=/c',
    ]) {
      assert.equal(
        refusal(() => parseMount('mount', text)),
        'UNSUPPORTED',
        text,
      );
    }
    for (const text of [
      'type=bind,src=/a,dst=/b,bind-recursive=writable',
      'type=bind,src=/a,dst=/b,ro,bind-recursive=readonly',
      'type=bind,src=/a,dst=/b,bind-recursive=maybe',
      'type=bind,src=/a,dst=/b,volume-nocopy',
      'type=bind,src=/a,dst=/b,consistency=maybe',
      'src=vol,dst=/b,bind-propagation=rslave',
      'typ=bind,dst=/b',
      '',
      'type=bind,src=/a',
      'src=/a,dst=/b',
      'src=vol,dst=/b,volume-subpath=../x',
      'src=vol,dst=/b,volume-subpath=/x',
      'dst=/b,volume-subpath=x',
      'type=bind,dst=/b',
      'type=bind,src=/a,dst=/b,ro=maybe',
      'type=bind,foo',
    ]) {
      assert.equal(
        refusal(() => parseMount('mount', text)),
        'INVALID',
        text,
      );
    }
  });
});
