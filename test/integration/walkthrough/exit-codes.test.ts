import { strict as assert } from 'node:assert';
import { useTinyd } from '../../support/use-tinyd';

/** A run, the status docker's users expect of it, and what standard error must say. */
interface Case {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says?: RegExp;
}

const RUN: readonly Case[] = [
  { title: "the program's own", args: ['busybox', 'sh', '-c', 'exit 42'], code: 42 },
  { title: '128 + N after signal N', args: ['--init', 'busybox', 'sh', '-c', 'kill -TERM $$'], code: 143 },
  {
    title: '127: command not found',
    args: ['busybox', 'no-such-program'],
    code: 127,
    says: /no-such-program.*ERR_TINYD_COMMAND_NOT_FOUND/s,
  },
  {
    title: '127: no such path',
    args: ['busybox', '/bin/absent'],
    code: 127,
    says: /ERR_TINYD_COMMAND_NOT_FOUND/,
  },
  { title: '126: a folder', args: ['busybox', '/etc'], code: 126, says: /ERR_TINYD_COMMAND_NOT_EXECUTABLE/ },
  {
    title: '126: not executable',
    args: ['busybox', '/etc/passwd'],
    code: 126,
    says: /ERR_TINYD_COMMAND_NOT_EXECUTABLE/,
  },
  { title: '125: unknown flag', args: ['--no-such-flag', 'busybox'], code: 125, says: /no-such-flag/ },
  {
    title: '125: a flag of docker that is not supported',
    args: ['--gpus', 'all', 'busybox'],
    code: 125,
    says: /--gpus.*ERR_TINYD_OPTION_UNSUPPORTED/s,
  },
  {
    title: '125: unknown user',
    args: ['-u', 'nobody-here', 'busybox', 'true'],
    code: 125,
    says: /nobody-here.*ERR_TINYD_USER_UNKNOWN/s,
  },
  {
    title: '125: memory below the minimum',
    args: ['-m', '4m', 'busybox', 'true'],
    code: 125,
    says: /ERR_TINYD_LIMIT_INVALID/,
  },
  {
    title: '125: image that is nowhere',
    args: ['--pull', 'never', 'absent:tag', 'true'],
    code: 125,
    says: /ERR_TINYD_IMAGE_NOT_FOUND/,
  },
  { title: '125: bad port', args: ['-p', '99999:80', 'busybox', 'true'], code: 125, says: /99999/ },
  {
    title: '125: bind source with --mount missing',
    args: ['--mount', 'type=bind,source=/no/such,target=/x', 'busybox', 'true'],
    code: 125,
    says: /\/no\/such/,
  },
];

describe('exit codes of run', () => {
  const tinyd = useTinyd();

  for (const { title, args, code, says } of RUN) {
    it(title, async () => {
      const outcome = await tinyd.run(['run', '--rm', ...args]);
      assert.equal(outcome.code, code, outcome.stderr);
      if (says) assert.match(outcome.stderr, says);
      assert.doesNotMatch(outcome.stderr, /\n\s+at /, 'a stack trace');
      assert.equal(await tinyd.ok('ps', '-aq'), '', 'a half-made container stayed');
    });
  }

  it('1 for a container that is not there, with its name', async () => {
    for (const verb of ['start', 'stop', 'kill', 'rm', 'logs', 'attach', 'wait']) {
      const outcome = await tinyd.run([verb, 'nobody']);
      assert.equal(outcome.code, 1, `${verb}: ${outcome.stderr}`);
      assert.match(outcome.stderr, /nobody.*ERR_TINYD_CONTAINER_NOT_FOUND/s);
    }
  });
});
