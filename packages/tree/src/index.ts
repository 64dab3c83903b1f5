export { mountOf } from './attributes';
export { type EntryKind, joinPath, nameIn, type TreeEntry } from './entry';
export { packTree } from './tar/pack';
export { readTar } from './tar/read';
export { kindOf, type WalkOptions, walkTree } from './walk';
export { type WriteOptions, writeTree } from './write/write';
