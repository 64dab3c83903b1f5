import { texts, toggle } from './define';

/** Flags that every `prune` has. */
export const pruneFlags = {
  force: toggle('Do not ask', { char: 'f' }),
  filter: texts('Only what matches: until=TIME or age, label=KEY[=VALUE], label!=…', 'FILTER'),
};
