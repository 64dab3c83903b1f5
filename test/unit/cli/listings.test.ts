import assert from 'node:assert/strict';
import type { ContainerSummary, PublishedPort } from '@tinyd/runtime';
import type { ImageRow } from '@tinyd/store';
import { expandObjectVerb } from '../../../packages/cli/dist/command-table';
import { chooseAttachment } from '../../../packages/cli/dist/flags/attachment';
import { parseLogTime } from '../../../packages/cli/dist/flags/log-times';
import { containerListing, statusText } from '../../../packages/cli/dist/present/container-rows';
import { historyListing } from '../../../packages/cli/dist/present/history-rows';
import { imageListing } from '../../../packages/cli/dist/present/image-rows';
import { renderListing } from '../../../packages/cli/dist/present/list';
import { portsText } from '../../../packages/cli/dist/present/port-text';
import { rfc3339 } from '../../../packages/cli/dist/present/units';
import { selectContainers } from '../../../packages/cli/dist/use-cases/filter-containers';
import { filterImages } from '../../../packages/cli/dist/use-cases/filter-images';
import { quotaLine } from '../../../packages/cli/dist/use-cases/pull-image';

const NOW = Date.parse('2026-03-01T12:00:00Z');

function container(fields: Partial<ContainerSummary>): ContainerSummary {
  return {
    id: 'a'.repeat(64),
    name: 'web',
    imageId: `sha256:${'1'.repeat(64)}`,
    imageName: 'nginx',
    mountedImageIds: [],
    command: ['/docker-entrypoint.sh', 'nginx', '-g', 'daemon off;'],
    created: '2026-03-01T10:00:00Z',
    status: 'running',
    exitCode: 0,
    startedAt: '2026-03-01T11:57:00Z',
    finishedAt: '0001-01-01T00:00:00Z',
    error: '',
    health: 'none',
    ports: [],
    exposed: [],
    labels: {},
    mounts: [],
    mountTargets: [],
    localVolumes: 0,
    network: 'bridge',
    networks: ['bridge'],
    address: undefined,
    ...fields,
  };
}

function port(hostPort: number, containerPort: number, fields: Partial<PublishedPort> = {}): PublishedPort {
  return { hostIp: '0.0.0.0', hostPort, containerPort, protocol: 'tcp', ...fields };
}

describe('container rows', () => {
  it('read like docker ps', () => {
    const containers = [
      container({ ports: [port(8080, 80)], exposed: ['443/tcp'] }),
      container({
        id: 'b'.repeat(64),
        name: 'job',
        imageName: 'busybox',
        command: ['true'],
        status: 'exited',
        exitCode: 137,
        finishedAt: '2026-02-27T12:00:00Z',
      }),
    ];
    assert.equal(
      renderListing(containerListing(containers, { noTrunc: false, now: NOW }), { quiet: false }),
      [
        'CONTAINER ID   IMAGE     COMMAND                  CREATED       STATUS                    PORTS                           NAMES',
        'aaaaaaaaaaaa   nginx     "/docker-entrypoint.…"   2 hours ago   Up 3 minutes              443/tcp, 0.0.0.0:8080->80/tcp   web',
        'bbbbbbbbbbbb   busybox   "true"                   2 hours ago   Exited (137) 2 days ago                                   job',
        '',
      ].join('\n'),
    );
  });

  it('cut nothing with --no-trunc, and quote arguments with blanks', () => {
    const listing = containerListing([container({})], { noTrunc: true, now: NOW });
    assert.equal(listing.rows[0]?.ID, 'a'.repeat(64));
    assert.equal(listing.rows[0]?.Command, '"/docker-entrypoint.sh nginx -g \'daemon off;\'"');
  });

  it('show sizes and labels', () => {
    const listing = containerListing([container({ labels: { a: '1', b: '' } })], {
      noTrunc: false,
      now: NOW,
      sizes: new Map([['a'.repeat(64), { writable: 2, virtual: 188_000_000 }]]),
    });
    assert.equal(listing.rows[0]?.Size, '2B (virtual 188MB)');
    assert.equal(
      renderListing(listing, { quiet: false, format: '{{.Labels}} {{.Label "a"}}' }),
      'a=1,b= 1\n',
    );
  });

  it('tell the status of each state', () => {
    assert.equal(statusText(container({ status: 'created' }), NOW), 'Created');
    assert.equal(
      statusText(container({ startedAt: '2026-03-01T11:59:59.5Z' }), NOW),
      'Up Less than a second',
    );
  });
});

describe('the PORTS column', () => {
  const cases: readonly [string, readonly PublishedPort[], readonly string[]][] = [
    ['', [], []],
    ['80/tcp', [], ['80/tcp']],
    ['53/udp, 0.0.0.0:53->53/tcp', [port(53, 53)], ['53/udp']],
    ['0.0.0.0:7000-7002->7000-7002/tcp', [port(7001, 7001), port(7000, 7000), port(7002, 7002)], []],
    ['0.0.0.0:8000->80/tcp, 0.0.0.0:8001->81/tcp', [port(8000, 80), port(8001, 81)], []],
    ['80-82/tcp', [], ['82/tcp', '80/tcp', '81/tcp']],
    [
      '127.0.0.1:80->80/tcp, [::1]:80->80/tcp',
      [port(80, 80, { hostIp: '::1' }), port(80, 80, { hostIp: '127.0.0.1' })],
      [],
    ],
  ];
  for (const [text, published, exposed] of cases) {
    it(`shows ${text || 'nothing'}`, () => assert.equal(portsText(published, exposed), text));
  }
});

describe('ps filters', () => {
  const all = [
    container({
      id: `c${'0'.repeat(63)}`,
      name: 'newest',
      created: '2026-03-01T03:00:00Z',
      labels: { tier: 'front' },
      ports: [port(8080, 80)],
    }),
    container({
      id: `b${'0'.repeat(63)}`,
      name: 'job',
      created: '2026-03-01T02:00:00Z',
      status: 'exited',
      exitCode: 3,
      network: 'none',
      networks: ['none'],
      mounts: ['/data'],
    }),
    container({
      id: `a${'0'.repeat(63)}`,
      name: 'oldest',
      created: '2026-03-01T01:00:00Z',
      status: 'created',
      imageName: 'busybox',
      imageId: 'sha256:2',
    }),
  ];
  const lookups = {
    containerId: (name: string) => all.find(each => each.name === name)?.id ?? assert.fail(name),
    imageId: (name: string) => (name === 'box' ? 'sha256:2' : 'sha256:none'),
    networkName: (text: string) => (text === 'abc' ? 'none' : text),
  };
  const select = (filters: string[], showAll = true, last?: number) =>
    selectContainers(all, { all: showAll, last, filters }, lookups).map(each => each.name);

  it('show running containers unless asked for more', () => {
    assert.deepEqual(select([], false), ['newest']);
    assert.deepEqual(select([]), ['newest', 'job', 'oldest']);
    assert.deepEqual(select([], false, 2), ['newest', 'job']);
    assert.deepEqual(select(['status=exited'], false), ['job']);
  });

  const cases: readonly [string[], string[]][] = [
    [['name=o'], ['job', 'oldest']],
    [['name=^/?job$'], ['job']],
    [['id=b0'], ['job']],
    [['label=tier'], ['newest']],
    [['label=tier=back'], []],
    [['exited=3'], ['job']],
    [['ancestor=busybox'], ['oldest']],
    [['ancestor=box'], ['oldest']],
    [['before=newest'], ['job', 'oldest']],
    [['since=oldest'], ['newest', 'job']],
    [['network=none'], ['job']],
    [['network=abc'], ['job']],
    [['volume=/data'], ['job']],
    [['publish=8000-8100'], ['newest']],
    [['expose=80/tcp'], ['newest']],
    [
      ['status=created', 'status=exited'],
      ['job', 'oldest'],
    ],
    [['status=exited', 'name=oldest'], []],
  ];
  for (const [filters, names] of cases) {
    it(`--filter ${filters.join(' --filter ')}`, () => assert.deepEqual(select(filters), names));
  }

  it('refuse what is no filter', () => {
    assert.throws(() => select(['status=sleeping']), { code: 'ERR_TINYD_OPTION_INVALID' });
    assert.throws(() => select(['name=(']), { code: 'ERR_TINYD_OPTION_INVALID' });
  });
});

describe('image rows', () => {
  const digest = (character: string) => `sha256:${character.repeat(64)}` as ImageRow['id'];
  const image = (fields: Partial<ImageRow>): ImageRow => ({
    id: digest('1'),
    repository: 'nginx',
    tag: 'latest',
    digest: digest('d'),
    platform: 'linux/amd64',
    repoTags: ['nginx:latest'],
    repoDigests: [],
    isDangling: false,
    created: '2026-02-15T12:00:00Z',
    sizeBytes: 187_654_321,
    labels: {},
    ...fields,
  });
  const {
    repository: _,
    tag: __,
    ...nameless
  } = image({ id: digest('2'), isDangling: true, created: '2026-01-01T00:00:00Z' });
  const rows = [image({}), image({ repository: 'ghcr.io/o/app', tag: 'v1' }), nameless];

  it('read like docker images', () => {
    const table = { noTrunc: false, digests: false, now: NOW };
    assert.equal(
      renderListing(imageListing(rows, table), { quiet: false }),
      [
        'REPOSITORY      TAG       IMAGE ID       CREATED       SIZE',
        'nginx           latest    111111111111   2 weeks ago   188MB',
        'ghcr.io/o/app   v1        111111111111   2 weeks ago   188MB',
        '<none>          <none>    222222222222   8 weeks ago   188MB',
        '',
      ].join('\n'),
    );
    assert.match(
      renderListing(imageListing(rows, { ...table, digests: true }), { quiet: false }),
      /^REPOSITORY +TAG +DIGEST +IMAGE ID/,
    );
    assert.equal(
      renderListing(imageListing(rows, { ...table, noTrunc: true }), { quiet: true }).split('\n')[0],
      digest('1'),
    );
  });

  it('say of a damaged image that it is', () => {
    const [row] = imageListing([image({ problem: 'blob missing' })], {
      noTrunc: false,
      digests: false,
      now: NOW,
    }).rows;
    assert.equal(row?.Size, 'damaged');
  });

  it('are found by name, pattern and filter', () => {
    const find = (text: string) => (text === 'nginx' ? digest('1') : digest('2'));
    const names = (name: string | undefined, ...filters: string[]) =>
      filterImages(rows, name, filters, find).map(row => `${row.repository}:${row.tag}`);
    assert.deepEqual(names('nginx'), ['nginx:latest']);
    assert.deepEqual(names('nginx:1.27'), []);
    assert.deepEqual(names('docker.io/library/nginx:latest'), ['nginx:latest']);
    assert.deepEqual(names('ghcr.io/*/app'), ['ghcr.io/o/app:v1']);
    assert.deepEqual(names(undefined, 'reference=*:latest'), ['nginx:latest']);
    assert.deepEqual(names(undefined, 'dangling=true'), ['undefined:undefined']);
    assert.deepEqual(names(undefined, 'before=nginx'), ['undefined:undefined']);
    assert.throws(() => names('UPPER'), { code: 'ERR_TINYD_REFERENCE_INVALID' });
  });
});

describe('history rows', () => {
  const steps = [
    {
      id: `sha256:${'3'.repeat(64)}` as ImageRow['id'],
      created: '2026-03-01T11:00:00Z',
      createdBy: `/bin/sh -c ${'x'.repeat(60)}`,
      sizeBytes: 1500,
      comment: '',
      tags: [],
    },
    { createdBy: 'ADD rootfs', sizeBytes: 0, comment: 'base', tags: [] },
  ];

  it('read like docker history', () => {
    const text = renderListing(historyListing(steps, { noTrunc: false, human: true, now: NOW }), {
      quiet: false,
    });
    assert.equal(
      text,
      [
        'IMAGE          CREATED             CREATED BY                                      SIZE      COMMENT',
        `333333333333   About an hour ago   /bin/sh -c ${'x'.repeat(33)}…   1.5kB     `,
        '<missing>      N/A                 ADD rootfs                                      0B        base',
        '',
      ].join('\n'),
    );
    const raw = historyListing(steps, { noTrunc: true, human: false, now: NOW }).rows[0];
    const at = rfc3339('2026-03-01T11:00:00Z');
    assert.deepEqual([raw?.Size, raw?.CreatedSince, raw?.CreatedAt], ['1500', at, at]);
  });
});

describe('log times', () => {
  const ns = (text: string) => parseLogTime('since', text, NOW);
  it('are times or ages', () => {
    assert.equal(ns('2026-03-01T12:00:00Z'), BigInt(NOW) * 1_000_000n);
    assert.equal(ns('2026-03-01T12:00:00.123456789Z'), BigInt(NOW) * 1_000_000n + 123_456_789n);
    assert.equal(ns('2026-03-01T14:00:00+02:00'), BigInt(NOW) * 1_000_000n);
    assert.equal(ns('1000.5'), 1_000_500_000_000n);
    assert.equal(ns('42m'), BigInt(NOW - 42 * 60_000) * 1_000_000n);
    assert.equal(ns('1h30m10s'), BigInt(NOW - 5_410_000) * 1_000_000n);
    assert.equal(ns('2026-03-01'), BigInt(Date.parse('2026-03-01T00:00:00')) * 1_000_000n);
    for (const text of ['', 'yesterday', '10x', '2026-13-01']) {
      assert.throws(() => ns(text), { code: 'ERR_TINYD_OPTION_INVALID' }, text);
    }
  });
});

describe('small choices', () => {
  it('attach what docker attaches', () => {
    assert.deepEqual(chooseAttachment([], true, false), { stdin: true, stdout: true, stderr: true });
    assert.deepEqual(chooseAttachment([], true, true), { stdin: false, stdout: false, stderr: false });
    assert.deepEqual(chooseAttachment(['STDERR'], true, false), {
      stdin: false,
      stdout: false,
      stderr: true,
    });
    assert.throws(() => chooseAttachment(['stdout'], false, true), { code: 'ERR_TINYD_USAGE' });
    assert.throws(() => chooseAttachment(['stdlog'], false, false), { code: 'ERR_TINYD_OPTION_INVALID' });
  });

  it('expand object-verb forms', () => {
    assert.deepEqual(expandObjectVerb(['container', 'ls', '-a']), ['ps', '-a']);
    assert.deepEqual(expandObjectVerb(['image', 'inspect', 'x']), ['inspect', '--type=image', 'x']);
    assert.deepEqual(expandObjectVerb(['run', 'container', 'ls']), ['run', 'container', 'ls']);
    assert.deepEqual(expandObjectVerb(['container', 'constructor']), ['container', 'constructor']);
  });

  it('tell what is left of a quota', () => {
    const quota = {
      limit: 100,
      remaining: 76,
      windowSeconds: 21_600,
      source: '203.0.113.4',
      anonymous: true,
    };
    assert.equal(
      quotaLine('docker.io', quota),
      'docker.io: 76/100 pulls left (anonymous, 203.0.113.4, window 6 h)',
    );
  });
});
