import { strict as assert } from 'node:assert';
import { processArguments } from '../../../packages/runtime/dist/spec/process-arguments';

describe('arguments of a container', () => {
  const image = { Entrypoint: ['/entry', 'x'], Cmd: ['cmd'] };
  const table: [title: string, entrypoint: string[] | undefined, command: string[], argv: string[]][] = [
    ['the image alone', undefined, [], ['/entry', 'x', 'cmd']],
    ['a command replaces Cmd', undefined, ['a', 'b'], ['/entry', 'x', 'a', 'b']],
    ['an entrypoint drops Cmd', ['sh'], [], ['sh']],
    ['an entrypoint takes the command', ['sh'], ['-c', 'true'], ['sh', '-c', 'true']],
    ['an empty entrypoint resets', [], ['ls'], ['ls']],
  ];
  for (const [title, entrypoint, command, argv] of table) {
    it(title, () => {
      const options = { command, ...(entrypoint === undefined ? {} : { entrypoint }) };
      assert.deepEqual(processArguments(image, options).argv, argv);
    });
  }

  it('fails when nothing is left', () => {
    const missing = { code: 'ERR_TINYD_COMMAND_MISSING' };
    assert.throws(() => processArguments(image, { entrypoint: [], command: [] }), missing);
    assert.throws(() => processArguments({ Cmd: null, Entrypoint: null }, { command: [] }), missing);
    assert.throws(() => processArguments({}, { command: [''] }), missing);
  });
});
