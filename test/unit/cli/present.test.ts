import assert from 'node:assert/strict';
import { ERROR_CODES, TinydError } from '@tinyd/core';
import { EXIT_CODES, exitStatus } from '../../../packages/cli/dist/exit-codes';
import { formatError } from '../../../packages/cli/dist/present/error';
import { renderListing } from '../../../packages/cli/dist/present/list';
import { ellipsis, renderTable } from '../../../packages/cli/dist/present/table';
import {
  binarySize,
  humanDuration,
  humanSize,
  rfc3339,
  timeAgo,
} from '../../../packages/cli/dist/present/units';

describe('units', () => {
  it('give times by RFC 3339 in the local zone', () => {
    const zone = process.env.TZ;
    try {
      for (const [name, text] of [
        ['UTC', '2026-03-01T11:00:00Z'],
        ['Asia/Kolkata', '2026-03-01T16:30:00+05:30'],
        ['America/St_Johns', '2026-03-01T07:30:00-03:30'],
      ] as const) {
        process.env.TZ = name;
        assert.equal(rfc3339('2026-03-01T11:00:00.510638674Z'), text);
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  /** Values of docker's go-units. */
  const sizes: readonly [number, string][] = [
    [0, '0B'],
    [2, '2B'],
    [999, '999B'],
    [1000, '1kB'],
    [1024, '1.02kB'],
    [4_261_550, '4.26MB'],
    [104_000_000, '104MB'],
    [187_654_321, '188MB'],
    [1_240_000_000, '1.24GB'],
    [999_999, '1e+03kB'],
    [116_480_000_000, '116GB'],
  ];
  for (const [bytes, text] of sizes)
    it(`${bytes} bytes are ${text}`, () => assert.equal(humanSize(bytes), text));

  it('counts memory in powers of 1024', () => {
    assert.deepEqual([67_108_864, 1_610_612_736, 0].map(binarySize), ['64MiB', '1.5GiB', '0B']);
  });

  const second = 1000;
  const hour = 3600 * second;
  const durations: readonly [number, string][] = [
    [10, 'Less than a second'],
    [second, '1 second'],
    [59 * second, '59 seconds'],
    [60 * second, 'About a minute'],
    [119 * second, 'About a minute'],
    [3 * 60 * second, '3 minutes'],
    [hour, 'About an hour'],
    [1.4 * hour, 'About an hour'],
    [1.5 * hour, '2 hours'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [13 * 24 * hour, '13 days'],
    [14 * 24 * hour, '2 weeks'],
    [60 * 24 * hour, '2 months'],
    [3 * 365 * 24 * hour, '3 years'],
  ];
  for (const [milliseconds, text] of durations) {
    it(`${milliseconds} ms are ${text}`, () => assert.equal(humanDuration(milliseconds), text));
  }

  it('knows no age of what never happened', () => {
    assert.equal(timeAgo('0001-01-01T00:00:00Z', Date.now()), 'N/A');
    assert.equal(timeAgo(undefined, Date.now()), 'N/A');
    assert.equal(timeAgo('2026-01-01T00:00:00Z', Date.parse('2026-01-01T02:00:00Z')), '2 hours ago');
  });
});

describe('tables', () => {
  const columns = [
    { heading: 'REPOSITORY', shrinkable: true },
    { heading: 'TAG' },
    { heading: 'IMAGE ID' },
    { heading: 'SIZE' },
  ];
  const row = ['nginx', 'latest', '0123456789ab', '188MB'];

  it('are laid out as docker lays them out', () => {
    assert.equal(
      renderTable(columns, [row]),
      'REPOSITORY   TAG       IMAGE ID       SIZE\nnginx        latest    0123456789ab   188MB\n',
    );
  });

  it('print headings alone for no rows', () => {
    assert.equal(renderTable(columns, []), 'REPOSITORY   TAG       IMAGE ID   SIZE\n');
  });

  it('fit a narrow terminal, and are never cut without one', () => {
    const long = ['registry.example.com/team/application', 'latest', '0123456789ab', '188MB'];
    const narrow = renderTable(columns, [long], 60).split('\n');
    assert.ok(narrow.every(line => [...line].length <= 60));
    assert.match(narrow[1] ?? '', /^registry\.example\.com\S*… +latest +0123456789ab +188MB$/);
    assert.match(renderTable(columns, [long]), /registry\.example\.com\/team\/application/);
  });

  it('count code points', () => {
    assert.equal(ellipsis('échantillon', 6), 'échan…');
    assert.equal(ellipsis('short', 5), 'short');
  });
});

describe('listings', () => {
  const listing = {
    rows: [
      { ID: 'aaa', Names: 'web', Size: '1kB', Label: (key: string) => (key === 'a.b' ? 'x' : '') },
      { ID: 'bbb', Names: 'database', Size: '2MB', Label: () => '' },
    ],
    headings: { ID: 'CONTAINER ID', Names: 'NAMES', Size: 'SIZE' },
    table: ['ID', 'Names'],
    quiet: 'ID',
  };
  const render = (format?: string, quiet = false) => renderListing(listing, { format, quiet });

  it('print the standard table', () => {
    assert.equal(render(), 'CONTAINER ID   NAMES\naaa            web\nbbb            database\n');
    assert.equal(render('table'), render());
  });

  it('print one field quietly, but let a template win', () => {
    assert.equal(render(undefined, true), 'aaa\nbbb\n');
    assert.equal(render('{{.Names}}', true), 'web\ndatabase\n');
  });

  it("print docker's JSON lines: sorted fields, text values, no methods", () => {
    assert.equal(
      render('json'),
      '{"ID":"aaa","Names":"web","Size":"1kB"}\n{"ID":"bbb","Names":"database","Size":"2MB"}\n',
    );
  });

  it('print a template table with its own headings', () => {
    assert.equal(
      render('table {{.Names}}\\t{{.Size}}\\t{{.Label "a.b"}}'),
      'NAMES      SIZE      b\nweb        1kB       x\ndatabase   2MB       \n',
    );
    assert.equal(
      render('table {{upper .Names}}\t{{.ID}}'),
      'NAMES      CONTAINER ID\nWEB        aaa\nDATABASE   bbb\n',
    );
  });

  it('keep a row on its line, whatever an image put into it', () => {
    const hostile = { ...listing, rows: [{ ID: 'aaa', Names: 'two\r\nlines\x1b[2J' }] };
    assert.equal(
      renderListing(hostile, { quiet: false }),
      'CONTAINER ID   NAMES\naaa            two lines\n',
    );
  });

  it('take \\t and \\n for what they stand for', () => {
    assert.equal(render('{{.ID}}\\t{{.Names}}'), 'aaa\tweb\nbbb\tdatabase\n');
  });
});

describe('error lines', () => {
  it('are one line: command, what and why, code, what to do', () => {
    const error = new TinydError('ERR_TINYD_IMAGE_NOT_FOUND', 'cannot inspect x: no such image', {
      hint: 'pull it first',
    });
    assert.equal(
      formatError(error, 'inspect'),
      'tinyd inspect: cannot inspect x: no such image (ERR_TINYD_IMAGE_NOT_FOUND). pull it first\n',
    );
  });

  it('carry nothing that steers a terminal, and no stack', () => {
    const error = new TinydError(
      'ERR_TINYD_REGISTRY_DENIED',
      'denied: \x1b[31mred\x1b[0m\x07\nsecond\u202eline\x9b2J',
    );
    assert.equal(formatError(error, ''), 'tinyd: denied: red secondline2J (ERR_TINYD_REGISTRY_DENIED)\n');
  });

  it('turn unknown failures into one', () => {
    assert.match(
      formatError(new TypeError('x is not a function'), 'ps'),
      /^tinyd ps: unexpected failure: x is not a function \(ERR_TINYD_INTERNAL\)\./,
    );
    assert.match(formatError(new TypeError('boom'), 'ps', true), /\n\s+at /);
    const system = Object.assign(new Error('ENOENT: …'), { code: 'ENOENT', syscall: 'open', path: '/x' });
    assert.equal(formatError(system, 'ps'), 'tinyd ps: cannot open /x: ENOENT (ERR_TINYD_SYSTEM)\n');
  });
});

describe('exit statuses', () => {
  it('cover every code', () => {
    assert.deepEqual(Object.keys(EXIT_CODES).sort(), Object.keys(ERROR_CODES).sort());
  });

  it("are docker's for run, podman's for rm, 1 elsewhere", () => {
    assert.equal(exitStatus('ERR_TINYD_COMMAND_NOT_FOUND', 'run'), 127);
    assert.equal(exitStatus('ERR_TINYD_COMMAND_NOT_EXECUTABLE', 'run'), 126);
    assert.equal(exitStatus('ERR_TINYD_USAGE', 'run'), 125);
    assert.equal(exitStatus('ERR_TINYD_USAGE', 'plain'), 1);
    assert.equal(exitStatus('ERR_TINYD_CONTAINER_NOT_FOUND', 'remove'), 1);
    assert.equal(exitStatus('ERR_TINYD_CONTAINER_STATE', 'remove'), 2);
    assert.equal(exitStatus('ERR_TINYD_SYSTEM', 'remove'), 125);
    assert.equal(exitStatus('ERR_TINYD_CANCELLED', 'plain'), 130);
  });
});
