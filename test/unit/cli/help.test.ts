import assert from 'node:assert/strict';
import { commandHelp, objectHelp, overview } from '../../../packages/cli/dist/chunks/help';
import { loadCommand, loadCommands, objectVerbs } from '../../../packages/cli/dist/command-table';

const COLUMNS = 80;

/** Lines that a terminal would break. Examples are whole command lines, which nobody breaks. */
function tooLong(text: string): string[] {
  const [prose = ''] = text.split('\nEXAMPLES\n');
  return prose.split('\n').filter(line => line.length > COLUMNS);
}

describe('help', () => {
  it('lists every command once, in 80 columns', () => {
    const text = overview(loadCommands());
    assert.deepEqual(tooLong(text), []);
    for (const { id } of loadCommands()) {
      const lines = text.split('\n').filter(line => line.startsWith(`  ${id}   `.padEnd(23)));
      assert.equal(lines.length, 1, id);
    }
  });

  it('shows the verbs of each object in 80 columns', () => {
    for (const [object, verbs] of Object.entries(objectVerbs())) {
      const text = objectHelp(object, verbs, loadCommands());
      assert.deepEqual(tooLong(text), [], object);
      for (const verb of Object.keys(verbs)) assert.match(text, new RegExp(`^  ${verb} +[A-Z]`, 'm'));
    }
  });

  for (const { id } of loadCommands()) {
    it(`explains ${id} in 80 columns, with examples of it that begin with a prompt`, () => {
      const command = loadCommand(id);
      assert.ok(command);
      const text = commandHelp(command);
      assert.deepEqual(tooLong(text), []);
      const examples = (text.split('\nEXAMPLES\n')[1] ?? '').split('\n').filter(line => line.trim() !== '');
      assert.ok(examples.some(line => line.includes(`tinyd ${id}`) || line.includes('tinyd --')));
      for (const line of examples) assert.match(line, /^ {2}\$ /);
    });
  }
});
