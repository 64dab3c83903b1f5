import { compileTemplate } from '../template/evaluate';
import { toJson } from '../template/value';

/** One object by `--format`: `json`, or a template. */
export function renderFormat(object: unknown, format: string): string {
  if (format === 'json') return `${toJson(object)}\n`;
  return `${compileTemplate(format)(object)}\n`;
}
