import assert from 'node:assert/strict';
import { isTinydError } from '@tinyd/core';
import { closest } from '../../../packages/cli/dist/argv/closest';
import { type FlagTable, HelpRequested, parseArgv } from '../../../packages/cli/dist/argv/grammar';

const FLAGS: readonly FlagTable[] = [
  {
    interactive: { type: 'boolean', char: 'i' },
    tty: { type: 'boolean', char: 't' },
    detach: { type: 'boolean', char: 'd' },
    env: { type: 'option', char: 'e' },
    publish: { type: 'option', char: 'p' },
  },
  {
    network: { type: 'option', aliases: ['net'] },
    'sig-proxy': { type: 'boolean' },
    tty: { type: 'option' },
  },
];

function parse(words: string[], interspersed = false, refused: string[] = ['gpus']) {
  const { flags, positionals } = parseArgv(words, { flags: FLAGS, interspersed, refused });
  return { flags: Object.fromEntries(flags), positionals };
}

function failure(words: string[]): string {
  try {
    parse(words);
  } catch (error) {
    assert.ok(isTinydError(error));
    return `${error.code} ${error.message}`;
  }
  return assert.fail('nothing was thrown');
}

describe('argv grammar', () => {
  it('combines short switches and takes values in every spelling', () => {
    assert.deepEqual(parse(['-it', '-eA=1', '-e', 'B=2', '-e=C=3', '--env=D=4', '--env', 'E=5', 'img']), {
      flags: { interactive: ['true'], tty: ['true'], env: ['A=1', 'B=2', 'C=3', 'D=4', 'E=5'] },
      positionals: ['img'],
    });
  });

  it('takes a value behind combined switches', () => {
    assert.deepEqual(parse(['-dp8080:80', 'img']).flags, { detach: ['true'], publish: ['8080:80'] });
    assert.deepEqual(parse(['-itp', '80', 'img']).flags.publish, ['80']);
  });

  it('leaves what follows the image to the container, repeated words in order', () => {
    const { flags, positionals } = parse(['-i', 'busybox', 'sh', '-c', 'sh', '-t', '--', '--env']);
    assert.deepEqual(flags, { interactive: ['true'] });
    assert.deepEqual(positionals, ['busybox', 'sh', '-c', 'sh', '-t', '--', '--env']);
  });

  it('reads flags behind positionals where they may stand', () => {
    assert.deepEqual(parse(['web', '-i', '--', '-t'], true), {
      flags: { interactive: ['true'] },
      positionals: ['web', '-t'],
    });
  });

  it('reads Go booleans', () => {
    assert.deepEqual(parse(['-d=false', '--tty=0', '--sig-proxy=T']).flags, {
      detach: ['false'],
      tty: ['false'],
      'sig-proxy': ['true'],
    });
    assert.match(failure(['--tty=maybe']), /^ERR_TINYD_USAGE invalid argument "maybe" for "--tty" flag/);
  });

  it('gives a value flag the next word, whatever it looks like', () => {
    assert.deepEqual(parse(['-e', '-it', '--network', '--', 'img']), {
      flags: { env: ['-it'], network: ['--'] },
      positionals: ['img'],
    });
  });

  it('knows aliases, empty values and a lone dash', () => {
    assert.deepEqual(parse(['--net=host', '--env=', '-', 'x']), {
      flags: { network: ['host'], env: [''] },
      positionals: ['-', 'x'],
    });
  });

  it('tells unknown, unfinished and unsupported flags apart', () => {
    assert.equal(failure(['--nope']), 'ERR_TINYD_USAGE unknown flag: --nope');
    assert.equal(failure(['-ix']), "ERR_TINYD_USAGE unknown shorthand flag: 'x' in -ix");
    assert.equal(failure(['-e']), 'ERR_TINYD_USAGE flag needs an argument: -e');
    assert.equal(failure(['--env']), 'ERR_TINYD_USAGE flag needs an argument: --env');
    assert.match(failure(['--gpus', 'all', 'img']), /^ERR_TINYD_OPTION_UNSUPPORTED --gpus/);
  });

  it('asks for help only where a flag may stand', () => {
    assert.throws(() => parse(['--help']), HelpRequested);
    assert.deepEqual(parse(['img', '--help']).positionals, ['img', '--help']);
    assert.deepEqual(parse(['-e', '--help', 'img']).flags, { env: ['--help'] });
  });
});

describe('closest word', () => {
  it('finds what was probably meant', () => {
    assert.equal(closest('imags', ['images', 'inspect', 'rm']), 'images');
    assert.equal(closest('sotp', ['start', 'stop']), 'stop');
    assert.equal(closest('zebra', ['start', 'stop']), undefined);
  });
});
