import type { RegistryServer } from '@tinyd/registry';
import type { Terminal } from '../support/terminal';
import type { Outcome } from '../support/tinyd';
import { IMAGES, PLAIN, serveImages } from './images';
import { openTarget, runOn, type Target } from './target';

/** What the tests of one file do to the engine. Containers they leave are removed after each test. */
export interface Engine {
  /** Runs a command to its end. */
  run(args: readonly string[], input?: string | Uint8Array): Promise<Outcome>;
  /** The trimmed standard output of a command that must succeed. */
  ok(...args: readonly string[]): Promise<string>;
  /** What a shell script says in a container of the plain image, made with some flags and removed after. */
  inside(script: string, ...flags: readonly string[]): Promise<string>;
  /** A command on a terminal that ends with the test. */
  terminal(args: readonly string[], rows?: number, columns?: number): Terminal;
  /** The engine itself. */
  readonly target: Target;
}

/** Opens the engine for a `describe`, with the images of the suite in it. */
export function useEngine(): Engine {
  let registry: RegistryServer;
  let opened: Target | undefined;
  let others: readonly string[] = [];
  const terminals: Terminal[] = [];
  const engine: Engine = {
    get target() {
      if (opened === undefined) throw new Error('the engine is open within tests only');
      return opened;
    },
    run: (args, input) => runOn(engine.target, args, input),
    ok: async (...args) => {
      const outcome = await engine.run(args);
      if (outcome.code === 0) return outcome.stdout.trim();
      throw new Error(`${args.join(' ')} ended with ${outcome.code}:\n${outcome.stderr}${outcome.stdout}`);
    },
    inside: (script, ...flags) => engine.ok('run', '--rm', ...flags, PLAIN, 'sh', '-c', script),
    terminal: (args, rows, columns) => {
      const terminal = engine.target.terminal(args, rows, columns);
      terminals.push(terminal);
      return terminal;
    },
  };
  const containers = async (): Promise<string[]> =>
    (await engine.ok('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean);

  before(async () => {
    registry = await serveImages();
    opened = openTarget();
    others = await containers();
    for (const name of Object.keys(IMAGES)) {
      await engine.ok('pull', '-q', `${registry.host}/${name}`);
      await engine.ok('tag', `${registry.host}/${name}`, name);
    }
  });
  afterEach(async () => {
    for (const terminal of terminals.splice(0)) terminal.kill();
    const own = (await containers()).filter(id => !others.includes(id));
    if (own.length > 0) await engine.run(['rm', '-f', ...own]);
  });
  after(async () => {
    const names = Object.keys(IMAGES);
    await engine.run(['rmi', ...names, ...names.map(name => `${registry.host}/${name}`)]);
    await opened?.dispose();
    await registry.close();
  });
  return engine;
}
