import type { CommandClass } from './command';

interface CommandModule {
  readonly default: CommandClass;
}

/** Every command, loaded when it is asked for: a command costs nothing to the others' start. */
const COMMANDS = {
  attach: () => require('./commands/attach') as typeof import('./commands/attach'),
  boot: () => require('./commands/boot') as typeof import('./commands/boot'),
  commit: () => require('./commands/commit') as typeof import('./commands/commit'),
  completion: () => require('./commands/completion') as typeof import('./commands/completion'),
  cp: () => require('./commands/cp') as typeof import('./commands/cp'),
  'container exists': () =>
    require('./commands/container-exists') as typeof import('./commands/container-exists'),
  'container prune': () =>
    require('./commands/container-prune') as typeof import('./commands/container-prune'),
  create: () => require('./commands/create') as typeof import('./commands/create'),
  diff: () => require('./commands/diff') as typeof import('./commands/diff'),
  events: () => require('./commands/events') as typeof import('./commands/events'),
  exec: () => require('./commands/exec') as typeof import('./commands/exec'),
  explain: () => require('./commands/explain') as typeof import('./commands/explain'),
  export: () => require('./commands/export') as typeof import('./commands/export'),
  'healthcheck run': () =>
    require('./commands/healthcheck-run') as typeof import('./commands/healthcheck-run'),
  history: () => require('./commands/history') as typeof import('./commands/history'),
  'image exists': () => require('./commands/image-exists') as typeof import('./commands/image-exists'),
  'image prune': () => require('./commands/image-prune') as typeof import('./commands/image-prune'),
  images: () => require('./commands/images') as typeof import('./commands/images'),
  import: () => require('./commands/import') as typeof import('./commands/import'),
  info: () => require('./commands/info') as typeof import('./commands/info'),
  inspect: () => require('./commands/inspect') as typeof import('./commands/inspect'),
  kill: () => require('./commands/kill') as typeof import('./commands/kill'),
  load: () => require('./commands/load') as typeof import('./commands/load'),
  logs: () => require('./commands/logs') as typeof import('./commands/logs'),
  'network connect': () =>
    require('./commands/network-connect') as typeof import('./commands/network-connect'),
  'network create': () => require('./commands/network-create') as typeof import('./commands/network-create'),
  'network disconnect': () =>
    require('./commands/network-disconnect') as typeof import('./commands/network-disconnect'),
  'network exists': () => require('./commands/network-exists') as typeof import('./commands/network-exists'),
  'network inspect': () =>
    require('./commands/network-inspect') as typeof import('./commands/network-inspect'),
  'network ls': () => require('./commands/network-ls') as typeof import('./commands/network-ls'),
  'network prune': () => require('./commands/network-prune') as typeof import('./commands/network-prune'),
  'network rm': () => require('./commands/network-rm') as typeof import('./commands/network-rm'),
  pause: () => require('./commands/pause') as typeof import('./commands/pause'),
  port: () => require('./commands/port') as typeof import('./commands/port'),
  'port add': () => require('./commands/port-add') as typeof import('./commands/port-add'),
  'port rm': () => require('./commands/port-rm') as typeof import('./commands/port-rm'),
  ps: () => require('./commands/ps') as typeof import('./commands/ps'),
  pull: () => require('./commands/pull') as typeof import('./commands/pull'),
  rename: () => require('./commands/rename') as typeof import('./commands/rename'),
  restart: () => require('./commands/restart') as typeof import('./commands/restart'),
  rm: () => require('./commands/rm') as typeof import('./commands/rm'),
  rmi: () => require('./commands/rmi') as typeof import('./commands/rmi'),
  run: () => require('./commands/run') as typeof import('./commands/run'),
  save: () => require('./commands/save') as typeof import('./commands/save'),
  start: () => require('./commands/start') as typeof import('./commands/start'),
  stats: () => require('./commands/stats') as typeof import('./commands/stats'),
  stop: () => require('./commands/stop') as typeof import('./commands/stop'),
  'system df': () => require('./commands/system-df') as typeof import('./commands/system-df'),
  'system prune': () => require('./commands/system-prune') as typeof import('./commands/system-prune'),
  tag: () => require('./commands/tag') as typeof import('./commands/tag'),
  top: () => require('./commands/top') as typeof import('./commands/top'),
  unpause: () => require('./commands/unpause') as typeof import('./commands/unpause'),
  update: () => require('./commands/update') as typeof import('./commands/update'),
  version: () => require('./commands/version') as typeof import('./commands/version'),
  'volume create': () => require('./commands/volume-create') as typeof import('./commands/volume-create'),
  'volume exists': () => require('./commands/volume-exists') as typeof import('./commands/volume-exists'),
  'volume export': () => require('./commands/volume-export') as typeof import('./commands/volume-export'),
  'volume import': () => require('./commands/volume-import') as typeof import('./commands/volume-import'),
  'volume inspect': () => require('./commands/volume-inspect') as typeof import('./commands/volume-inspect'),
  'volume ls': () => require('./commands/volume-ls') as typeof import('./commands/volume-ls'),
  'volume prune': () => require('./commands/volume-prune') as typeof import('./commands/volume-prune'),
  'volume rm': () => require('./commands/volume-rm') as typeof import('./commands/volume-rm'),
  wait: () => require('./commands/wait') as typeof import('./commands/wait'),
} satisfies Record<string, () => CommandModule>;

/** Names of all commands, sorted. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** The class behind a name; undefined for a word that is no command. */
export function loadCommand(name: string): CommandClass | undefined {
  if (!Object.hasOwn(COMMANDS, name)) return undefined;
  const found = COMMANDS[name as keyof typeof COMMANDS]().default;
  found.id = name;
  return found;
}

const SAME = [
  'attach',
  'commit',
  'cp',
  'diff',
  'explain',
  'export',
  'create',
  'exec',
  'kill',
  'logs',
  'pause',
  'port',
  'rename',
  'restart',
  'rm',
  'run',
  'start',
  'stats',
  'stop',
  'top',
  'unpause',
  'update',
  'wait',
];

/** All classes, by name. */
export function loadCommands(): readonly CommandClass[] {
  return COMMAND_NAMES.flatMap(name => loadCommand(name) ?? []);
}

/** docker's object-verb forms: `container ls`, `image rm`. */
const OBJECT_VERBS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  container: {
    ...Object.fromEntries(SAME.map(name => [name, [name]])),
    exists: ['container exists'],
    prune: ['container prune'],
    ls: ['ps'],
    list: ['ps'],
    ps: ['ps'],
    remove: ['rm'],
    inspect: ['inspect', '--type=container'],
  },
  image: {
    exists: ['image exists'],
    prune: ['image prune'],
    ls: ['images'],
    list: ['images'],
    pull: ['pull'],
    rm: ['rmi'],
    remove: ['rmi'],
    tag: ['tag'],
    history: ['history'],
    import: ['import'],
    load: ['load'],
    save: ['save'],
    inspect: ['inspect', '--type=image'],
  },
  network: {
    connect: ['network connect'],
    disconnect: ['network disconnect'],
    create: ['network create'],
    exists: ['network exists'],
    inspect: ['network inspect'],
    ls: ['network ls'],
    list: ['network ls'],
    prune: ['network prune'],
    rm: ['network rm'],
    remove: ['network rm'],
  },
  healthcheck: { run: ['healthcheck run'] },
  // A container of one of these names is listed by `container port`.
  port: { add: ['port add'], rm: ['port rm'] },
  system: { df: ['system df'], events: ['events'], info: ['info'], prune: ['system prune'] },
  volume: {
    create: ['volume create'],
    exists: ['volume exists'],
    export: ['volume export'],
    import: ['volume import'],
    inspect: ['volume inspect'],
    ls: ['volume ls'],
    list: ['volume ls'],
    prune: ['volume prune'],
    rm: ['volume rm'],
    remove: ['volume rm'],
  },
};

/** Rewrites `container ls …` to `ps …`; anything else comes back as it was. */
export function expandObjectVerb(words: readonly string[]): readonly string[] {
  const verbs = Object.hasOwn(OBJECT_VERBS, words[0] ?? '') ? OBJECT_VERBS[words[0] ?? ''] : undefined;
  const verb = words[1] ?? '';
  const replacement = verbs !== undefined && Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  return replacement === undefined ? words : [...replacement, ...words.slice(2)];
}

/** Every object's verbs, and the command that each stands for. */
export function objectVerbs(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const named = Object.entries(OBJECT_VERBS).map(([object, verbs]) => {
    const commands = Object.entries(verbs).map(([verb, [command = verb]]) => [verb, command]);
    return [object, Object.fromEntries(commands)];
  });
  return Object.fromEntries(named);
}

/** Objects that have verbs, for error messages. */
export function verbsOf(object: string): readonly string[] | undefined {
  return Object.hasOwn(OBJECT_VERBS, object) ? Object.keys(OBJECT_VERBS[object] ?? {}) : undefined;
}
