import { strict as assert } from 'node:assert';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventLine } from '../../../packages/runtime/dist/events/event';
import {
  journalPath,
  previousJournalPath,
  recordEvents,
} from '../../../packages/runtime/dist/events/journal';
import { parseEvent, readEvents } from '../../../packages/runtime/dist/events/read-journal';

const TIME = 1_796_050_645_123_456_789n;

describe('a line of the journal of events', () => {
  it('has docker’s keys in docker’s order, and every digit of the time', () => {
    const attributes = { image: 'nginx', name: 'web' };
    const line = eventLine({ type: 'container', action: 'start', id: 'ab', attributes }, TIME);
    assert.equal(
      line,
      '{"status":"start","id":"ab","from":"nginx","Type":"container","Action":"start","Actor":{"ID":"ab","Attributes":{"image":"nginx","name":"web"}},"scope":"local","time":1796050645,"timeNano":1796050645123456789}\n',
    );
    const volume = eventLine({ type: 'volume', action: 'create', id: 'data', attributes: {} }, TIME);
    assert.match(volume, /^\{"Type":"volume","Action":"create",/);
  });

  it('stays one line and comes back as it was, whatever a label or a command says', () => {
    const attributes = { 'a"b': 'x\ny\u0000"},"timeNano":7}', name: '\u2028é\ud800' };
    const action = 'exec_create: sh -c "\n"';
    const line = eventLine({ type: 'container', action, id: 'ab', attributes }, TIME);
    assert.equal(line.indexOf('\n'), line.length - 1);
    const event = parseEvent(line.trimEnd());
    assert.equal(event?.timeNano, TIME);
    assert.equal(event?.Action, action);
    assert.deepEqual(event?.Actor.Attributes, attributes);
  });

  it('is no event when it is cut off, empty or something else', () => {
    const line = eventLine({ type: 'image', action: 'pull', id: 'x', attributes: {} }, TIME).trimEnd();
    for (const text of [line.slice(0, -1), line.slice(5), '', ' ', '7', '{}', `${line}x`])
      assert.equal(parseEvent(text), undefined, text);
  });
});

describe('the journal of events', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'tinyd-events-'));
  });
  afterEach(() => rmSync(state, { recursive: true }));

  const record = (id: string) =>
    recordEvents({ state }, [{ type: 'volume', action: 'create', id, attributes: {} }]);
  const rotate = () => renameSync(journalPath({ state }), previousJournalPath({ state }));

  it('is read without a gap by who is overtaken by its rotation', async () => {
    record('first');
    rotate();
    record('second');
    const options = { sinceNs: 0n, untilNs: BigInt(Date.now() + 500) * 1_000_000n };
    const ids: string[] = [];
    for await (const { Actor } of readEvents({ state }, options)) {
      ids.push(Actor.ID);
      if (ids.length > 1) continue;
      rotate();
      record('third');
    }
    assert.deepEqual(ids, ['first', 'second', 'third']);
  });

  it('is read once where it was renamed and not begun anew', async () => {
    record('only');
    rotate();
    const options = { sinceNs: 0n, untilNs: BigInt(Date.now() + 1000) * 1_000_000n };
    const ids: string[] = [];
    for await (const { Actor } of readEvents({ state }, options)) ids.push(Actor.ID);
    assert.deepEqual(ids, ['only']);
  });
});
