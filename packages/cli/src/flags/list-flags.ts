import { text, texts, toggle } from './define';

/** Flags that every listing command has. */
export const listFlags = {
  quiet: toggle('Print the IDs alone', { char: 'q' }),
  'no-trunc': toggle('Cut nothing'),
  filter: texts('Show what matches, as KEY=VALUE', 'FILTER', { char: 'f' }),
  format: text('table, json, a template, or "table TEMPLATE"', 'FORMAT'),
  json: toggle("One JSON array of tinyd's own typed rows"),
};
