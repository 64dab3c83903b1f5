import { templateError } from './lexer';
import { isRecord } from './value';

/** What docker has as a map: its keys come from users, so that one may be missing. All else has the fields of its type. */
const MAPS: ReadonlySet<string> = new Set([
  'Annotations',
  'Attributes',
  'AuxiliaryAddresses',
  'Containers',
  'DriverOpts',
  'ExposedPorts',
  'Labels',
  'Networks',
  'Options',
  'PortBindings',
  'Ports',
  'StorageOpt',
  'Sysctls',
  'Tmpfs',
  'Volumes',
]);

/** Follows fields in data, and remembers which of what it came by are maps. */
export class FieldSelector {
  readonly #maps = new WeakSet<object>();

  /**
   * The value at the end of the fields. What a map does not have is undefined, and so is all below it.
   *
   * Fails with ERR_TINYD_OPTION_INVALID where there is no such field.
   */
  select(base: unknown, fields: readonly string[]): unknown {
    let value = base;
    let owner = '';
    for (const field of fields) {
      const isMap = MAPS.has(owner) || (isRecord(value) && this.#maps.has(value));
      if (isMap && !(isRecord(value) && Object.hasOwn(value, field))) return undefined;
      value = selectField(value, field);
      // The options of a log driver; other things of this name have fields.
      owner = owner === 'LogConfig' && field === 'Config' ? 'Options' : field;
      if (MAPS.has(owner) && isRecord(value)) this.#maps.add(value);
    }
    return value;
  }
}

function selectField(value: unknown, field: string): unknown {
  if (value === undefined || value === null) throw templateError(`nothing there to take .${field} from`);
  if (isRecord(value) && Object.hasOwn(value, field)) return value[field];
  if (isRecord(value)) {
    const near = Object.keys(value).find(key => key.toLowerCase() === field.toLowerCase());
    throw templateError(`there is no field .${field}${near === undefined ? '' : `, but .${near}`}`);
  }
  throw templateError(`.${field} was asked of ${JSON.stringify(value)}, which has no fields`);
}
