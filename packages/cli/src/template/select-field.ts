import { isLeftOut, leftOut, MAPS, typedNull } from './docker-types';
import { templateError } from './lexer';
import { isRecord } from './value';

/** Follows fields in data, and remembers by which name it came to what has fields of its own. */
export class FieldSelector {
  readonly #names = new WeakMap<object, string>();

  /**
   * The value at the end of the fields. What a map does not have is undefined, and so is all below it; what docker's documents
   * leave out when it is empty has the empty value of its type.
   *
   * Fails with ERR_TINYD_OPTION_INVALID where there is no such field.
   */
  select(base: unknown, fields: readonly string[]): unknown {
    let value = base;
    for (const field of fields) {
      const owner = (isRecord(value) && this.#names.get(value)) || '';
      if (MAPS.has(owner) && !(isRecord(value) && Object.hasOwn(value, field))) return undefined;
      const found = selectField(value, owner, field);
      value = found ?? typedNull(field);
      // The options of a log driver; other things of this name have fields.
      const name = owner === 'LogConfig' && field === 'Config' ? 'Options' : field;
      if (isRecord(value)) this.#names.set(value, name);
    }
    return value;
  }
}

function selectField(value: unknown, owner: string, field: string): unknown {
  if (value === undefined || value === null) throw templateError(`nothing there to take .${field} from`);
  if (isRecord(value) && Object.hasOwn(value, field)) return value[field];
  if (isRecord(value) && isLeftOut(owner, field)) return leftOut(owner, field);
  if (isRecord(value)) {
    const near = Object.keys(value).find(key => key.toLowerCase() === field.toLowerCase());
    throw templateError(`there is no field .${field}${near === undefined ? '' : `, but .${near}`}`);
  }
  throw templateError(`.${field} was asked of ${JSON.stringify(value)}, which has no fields`);
}
