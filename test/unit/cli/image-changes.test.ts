import assert from 'node:assert/strict';
import type { ImageProcessConfig } from '@tinyd/core';
import { applyChanges } from '../../../packages/cli/dist/flags/image-changes';

describe('--change', () => {
  const base: ImageProcessConfig = {
    Cmd: ['old'],
    Env: ['PATH=/bin', 'A=0'],
    WorkingDir: '/srv',
    Labels: { a: '1' },
  };

  for (const [change, expected] of [
    ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'] }],
    ['cmd echo $A "x"', { Cmd: ['/bin/sh', '-c', 'echo $A "x"'] }],
    ['CMD [not json', { Cmd: ['/bin/sh', '-c', '[not json'] }],
    ['ENTRYPOINT ["/x"]', { Entrypoint: ['/x'], Cmd: null }],
    ['ENV A=1 B="two words" C=a\\ b', { Env: ['PATH=/bin', 'A=1', 'B=two words', 'C=a b'] }],
    ['ENV A the "rest"  of it', { Env: ['PATH=/bin', 'A=the rest  of it'] }],
    ['ENV A="a\\nb\\"c\\\\d" B=a\\nb', { Env: ['PATH=/bin', 'A=a\\nb"c\\d', 'B=anb'] }],
    [`ENV PATH=/opt/bin:$PATH B="x \${A}" C=\\$A`, { Env: ['PATH=/opt/bin:/bin', 'A=0', 'B=x 0', 'C=$A'] }],
    ['ENV A=1 B=$A', { Env: ['PATH=/bin', 'A=1', 'B=0'] }],
    [
      `ENV B=\${X:-$A} C=\${X:-"q q"} D=\${A:+y}\${X+n} E=\${A?}`,
      { Env: ['PATH=/bin', 'A=0', 'B=0', 'C=q q', 'D=y', 'E=0'] },
    ],
    ["ENV B $A '$A' $ $1 $$", { Env: ['PATH=/bin', 'A=0', 'B=0 $A $  '] }],
    ['LABEL $A=$PATH', { Labels: { a: '1', 0: '/bin' } }],
    [`EXPOSE 8\${A}`, { ExposedPorts: { '80/tcp': {} } }],
    ['VOLUME ["$PATH"]', { Volumes: { '/bin': {} } }],
    ['USER u$A', { User: 'u0' }],
    ['USER ""', { User: '' }],
    ['WORKDIR $A/x y', { WorkingDir: '/srv/0/x y' }],
    ['ENTRYPOINT []', { Entrypoint: null }],
    ['ENTRYPOINT ["$A"]', { Entrypoint: ['$A'], Cmd: null }],
    ['HEALTHCHECK CMD $A', { Healthcheck: { Test: ['CMD-SHELL', '$A'] } }],
    ['ENV E=', { Env: ['PATH=/bin', 'A=0', 'E='] }],
    ["LABEL b='2 $x'", { Labels: { a: '1', b: '2 $x' } }],
    [
      'EXPOSE 80 53/udp 8000-8001/TCP',
      {
        ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {} },
      },
    ],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
    ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
    ['USER app:app', { User: 'app:app' }],
    ['WORKDIR sub/../x', { WorkingDir: '/srv/x' }],
    ['STOPSIGNAL SIGINT', { StopSignal: 'SIGINT' }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    [
      'HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD curl -f localhost',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 90e9, Timeout: 5e8, Retries: 3 } },
    ],
    ['HEALTHCHECK CMD ["/check"]', { Healthcheck: { Test: ['CMD', '/check'] } }],
  ] as const) {
    it(`reads ${change}`, () => {
      const changed = applyChanges(base, [change]);
      assert.deepEqual(changed, { ...base, ...expected });
    });
  }

  it('keeps a CMD that comes with an ENTRYPOINT, in any order', () => {
    const changes = ['CMD ["c"]', 'ENTRYPOINT ["e"]'];
    for (const texts of [changes, changes.toReversed()]) {
      const { Cmd, Entrypoint } = applyChanges(base, texts);
      assert.deepEqual([Cmd, Entrypoint], [['c'], ['e']]);
    }
  });

  it('puts in what the instruction before has set', () => {
    const { Env, Labels } = applyChanges({}, ['ENV A=1', 'ENV A=$A:2\nLABEL l=$A']);
    assert.deepEqual([Env, Labels], [['A=1:2'], { l: '1:2' }]);
  });

  it('reads several instructions of one text', () => {
    const { Env, User } = applyChanges(base, ['# set\nENV A=1 \\\n  B=2\r\n\nUSER app\n']);
    assert.deepEqual([Env, User], [['PATH=/bin', 'A=1', 'B=2'], 'app']);
  });

  for (const change of [
    '',
    '# nothing',
    'STOPSIGNAL SIGFOO',
    'EXPOSE 0',
    'EXPOSE 90-80',
    'EXPOSE 80/icmp',
    'FROM x',
    'ONBUILD RUN x',
    'constructor x',
    'CMD',
    'ENV',
    'ENV =1',
    'ENV A=1 B',
    'ENV A="1',
    "ENV A it's",
    'ENV $X=1',
    `ENV B=\${A`,
    `ENV B=\${}`,
    `ENV B=\${X:?is wanted}`,
    `ENV B=\${PATH##*/}`,
    'EXPOSE web',
    'VOLUME ""',
    'VOLUME []',
    'WORKDIR "$X"',
    'HEALTHCHECK --interval=1us CMD x',
    'USER a b',
    'HEALTHCHECK curl',
    'HEALTHCHECK --interval=soon CMD x',
    'HEALTHCHECK --retries=x CMD x',
    'HEALTHCHECK --constructor=1s CMD x',
  ]) {
    it(`refuses ${JSON.stringify(change)}`, () => {
      assert.throws(() => applyChanges(base, [change]), { code: 'ERR_TINYD_OPTION_INVALID' });
    });
  }
});
