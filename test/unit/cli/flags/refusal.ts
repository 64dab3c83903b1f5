import assert from 'node:assert/strict';
import { isTinydError } from '@tinyd/core';

/** Code of what `action` throws; the message must name `operand`. */
export function refusal(action: () => unknown, operand = ''): string {
  try {
    action();
  } catch (error) {
    assert.ok(isTinydError(error), String(error));
    assert.ok(error.message.includes(operand), `${error.message} does not name ${operand}`);
    return error.code.replace('ERR_TINYD_OPTION_', '');
  }
  return assert.fail('nothing was thrown');
}
