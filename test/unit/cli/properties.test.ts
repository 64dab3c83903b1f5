import assert from 'node:assert/strict';
import { isTinydError } from '@tinyd/core';
import fc from 'fast-check';
import { type FlagTable, parseArgv } from '../../../packages/cli/dist/argv/grammar';
import { readCreateOptions } from '../../../packages/cli/dist/flags/create-options';
import { parseDetachKeys } from '../../../packages/cli/dist/flags/detach-keys';
import { parseLogTime } from '../../../packages/cli/dist/flags/log-times';
import { parseMount } from '../../../packages/cli/dist/flags/mount';
import { parseMemory } from '../../../packages/cli/dist/flags/numbers';
import { parsePublish } from '../../../packages/cli/dist/flags/ports';
import { parseDevice, parseSignal } from '../../../packages/cli/dist/flags/process';
import { parseTmpfs } from '../../../packages/cli/dist/flags/tmpfs';
import { parseVolume } from '../../../packages/cli/dist/flags/volume';
import { formatError } from '../../../packages/cli/dist/present/error';
import { renderTable } from '../../../packages/cli/dist/present/table';
import { barLines } from '../../../packages/cli/dist/progress/bar-lines';
import { compileTemplate } from '../../../packages/cli/dist/template/evaluate';

/** What `action` returns, undefined when it refuses; any other failure fails the test. */
function refusedOr<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!isTinydError(error)) throw error;
    assert.doesNotMatch(error.code, /INTERNAL|SYSTEM/);
    return undefined;
  }
}

/** Text near what a grammar reads: its own characters, cut and mixed. */
const near = (characters: string) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 24 });

describe('whatever is typed', () => {
  it('is read or refused: the command line', () => {
    const flags: readonly FlagTable[] = [
      { env: { type: 'option', char: 'e' }, tty: { type: 'boolean', char: 't' } },
    ];
    const word = fc.oneof(
      near('-=etnv'),
      fc.constantFrom('--', '-', '--env', '-e', '-t', '--tty=false', 'image'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), fc.boolean(), (argv, interspersed) => {
        const parsed = refusedOr(() => parseArgv(argv, { flags, interspersed }));
        if (parsed === undefined) return;
        let at = 0;
        for (const positional of parsed.positionals) {
          at = argv.indexOf(positional, at) + 1;
          assert.ok(at > 0, 'positionals keep their order');
        }
      }),
    );
  });

  const grammars: readonly [string, string, (text: string) => unknown][] = [
    ['sizes', '0123456789.kmgtpib -', text => parseMemory('memory', text)],
    ['ports', '0123456789:-/.[]tcpud', text => parsePublish('publish', text)],
    ['volumes', '/ab.:,rowzZ', text => parseVolume('volume', text)],
    ['tmpfs mounts', '/ab:,=size0mode', text => parseTmpfs('tmpfs', text)],
    ['mounts', 'type=bind,srcdt/"', text => parseMount('mount', text)],
    ['devices', '/dev:rwm', text => parseDevice('device', text)],
    ['signals', 'SIGTERMRTMIN+-0123', text => parseSignal('signal', text)],
    ['detach keys', 'ctrl-,pq@[\\]^_', text => parseDetachKeys('detach-keys', text)],
    ['log times', '0123456789-T:.Z+hms', text => parseLogTime('since', text, 0)],
  ];
  for (const [name, characters, parse] of grammars) {
    it(`is read or refused: ${name}`, () => {
      fc.assert(
        fc.property(fc.oneof(near(characters), fc.string()), text => void refusedOr(() => parse(text))),
      );
    });
  }

  it('is read or refused: the values of create', () => {
    const keys = [
      'memory',
      'cpus',
      'network',
      'hostname',
      'workdir',
      'shm-size',
      'user',
      'log-driver',
      'stop-signal',
    ];
    const attached = { stdin: false, stdout: true, stderr: true };
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.string(), (key, value) => {
        refusedOr(() => readCreateOptions({ [key]: key === 'network' ? [value] : value }, attached, {}));
      }),
    );
  });

  it('is read or refused: templates', () => {
    const data = { A: 'x', B: [1, 2], C: { D: null }, E: () => 'y' };
    const piece = fc.constantFrom(
      ...[
        '{{',
        '}}',
        '{{-',
        '-}}',
        '.',
        '.A',
        '.B',
        '.C.D',
        '.E',
        ' ',
        '|',
        '(',
        ')',
        '"s"',
        '`',
        '$x',
        ':=',
        '=',
        ',',
      ],
      ...[
        'if',
        'else',
        'end',
        'range',
        'with',
        'break',
        'index',
        'json',
        'len',
        'printf',
        'join',
        'eq',
        '1',
        'text',
        '/*',
        '*/',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), pieces => {
        for (const source of [pieces.join(''), `{{${pieces.join(' ')}}}`]) {
          const text = refusedOr(() => compileTemplate(source)(data));
          if (text !== undefined) assert.equal(typeof text, 'string');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('whatever is shown', () => {
  it('stays on one line of harmless characters: errors', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const line = formatError(new Error(text), 'pull');
        assert.match(line, /^[^\n]*\n$/);
        assert.doesNotMatch(line, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('fits: progress lines', () => {
    const status = fc.constantFrom(
      'waiting',
      'downloading',
      'unpacking',
      'retrying',
      'exists',
      'done' as const,
    );
    const layer = fc.record({
      name: fc.constant('0123456789ab'),
      status: status as fc.Arbitrary<'waiting'>,
      bytes: fc.nat(),
      size: fc.nat(),
      elsewhere: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(layer),
        fc.integer({ min: 2, max: 200 }),
        fc.integer({ min: 3, max: 60 }),
        (layers, columns, rows) => {
          const lines = barLines({ layers }, columns, rows);
          assert.ok(lines.length < rows);
          assert.ok(lines.every(line => line.length < columns));
        },
      ),
    );
  });

  it('keeps its columns: tables', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '漢', ' '), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), rows => {
        const [heading = '', ...lines] = renderTable(
          [{ heading: 'FIRST' }, { heading: 'SECOND' }],
          rows,
        ).split('\n');
        const start = [...heading].join('').indexOf('SECOND');
        rows.forEach(([, second], index) => {
          assert.equal([...(lines[index] ?? '')].slice(start).join(''), second);
        });
      }),
    );
  });
});
