import { resolve } from 'node:path';
import { TinydError } from '@tinyd/core';
import { Container } from './container';
import type { NetworkRepair, RuntimeContext, SettledContainer } from './context';
import type { EventDocument } from './events/event';
import { recordEvents } from './events/journal';
import { type EventOptions, readEvents } from './events/read-journal';
import { containerIds, findId } from './find';
import { type RuntimeFolders, runtimeLayout } from './layout';
import { type BootedContainer, bootContainers } from './lifecycle/boot';
import { createContainer } from './lifecycle/create';
import { newestFirst } from './lifecycle/description';
import { readDescriptions } from './lifecycle/description-cache';
import { lookAtNetworks } from './lifecycle/look-at-networks';
import { readPlaces } from './lifecycle/network-settings';
import { reconcileContainers, settleIfLost, settleLostContainers } from './lifecycle/reconcile';
import { type CpuTime, StatsReader, type StatsSample } from './lifecycle/stats';
import { type ContainerSummary, summarizeAll } from './lifecycle/summary';
import { Networks } from './networks';
import type { CreateOptions } from './options';
import { readStates, viewContainers } from './state/container-state';
import { isUp } from './state/status';
import { Volumes } from './volumes/volumes';

/** What may happen to an image. */
export type ImageAction = 'delete' | 'import' | 'load' | 'pull' | 'save' | 'tag' | 'untag';

/**
 * The containers of one root folder.
 *
 * Holds nothing open and runs nothing in the background: several processes may use the same folders at once.
 */
export class Runtime {
  readonly #context: RuntimeContext;
  readonly #stats = new StatsReader();

  constructor(context: RuntimeContext) {
    this.#context = context;
  }

  /** Makes a container. See {@link createContainer} for the errors. Needs root. */
  async create(options: CreateOptions, choice: { readonly replace?: boolean } = {}): Promise<Container> {
    requireRoot('create containers');
    const record = await createContainer(this.#context, options, choice);
    return new Container(this.#context, record.id);
  }

  /**
   * Finds a container by full ID, name, or unique prefix of an ID.
   *
   * Fails with ERR_TINYD_CONTAINER_NOT_FOUND or ERR_TINYD_CONTAINER_AMBIGUOUS.
   */
  find(text: string): Container {
    return new Container(this.#context, findId(this.#context.layout, text));
  }

  /**
   * Finds a container as {@link find} does, for whoever wants more of it than to look: what a killed monitor, or a restart of
   * the host, left undone of it is settled first, as {@link settle} does for all.
   *
   * @param toEnd the caller is about to end it: no restart policy brings it back
   */
  async reach(text: string, { toEnd = false } = {}): Promise<Container> {
    const container = this.find(text);
    if (isRoot()) await settleIfLost(this.#context, container.id, toEnd);
    return container;
  }

  /** The networks of the root folder. */
  get networks(): Networks {
    return new Networks(this.#context);
  }

  /** The volumes of the root folder. */
  get volumes(): Volumes {
    return new Volumes(this.#context);
  }

  /** Records that something happened to an image, which the runtime does not see itself. */
  recordImage(action: ImageAction, id: string, name = id): void {
    recordEvents(this.#context.layout, [{ type: 'image', action, id, attributes: { name } }]);
  }

  /** What has happened, and what does. Absent `sinceNs`: from now on; absent `untilNs`: until `signal`. Needs root. */
  events(options: EventOptions): AsyncGenerator<EventDocument> {
    requireRoot('read events');
    return readEvents(this.#context.layout, options);
  }

  /** What `ps -a` shows, newest first. Reads small files only, and takes no lock. */
  containers(): ContainerSummary[] {
    return summarizeAll(this.#context, readStates(this.#context));
  }

  /**
   * What containers use at this moment: all of them, newest first, or those with the given IDs, in their order; one that
   * was removed is left out.
   */
  stats(ids?: readonly string[]): StatsSample[] {
    const states = readStates(this.#context, ids);
    const containers = readDescriptions(this.#context.layout, [...states.keys()]).flatMap(each => {
      const state = states.get(each.id);
      return state === undefined ? [] : [{ ...each, state }];
    });
    if (ids === undefined) return this.#stats.sample(containers.sort(newestFirst));
    const byId = new Map(containers.map(each => [each.id, each]));
    return this.#stats.sample([...new Set(ids)].flatMap(id => byId.get(id) ?? []));
  }

  /** The CPU times of containers that run, by ID, for {@link stats} to be compared with. */
  cpuTimes(ids: readonly string[] = containerIds(this.#context.layout)): Map<string, CpuTime> {
    return this.#stats.cpuTimes(ids);
  }

  /** IDs of the images that containers use: what must not be removed from the store. */
  imagesInUse(): Map<string, string[]> {
    const users = new Map<string, string[]>();
    for (const { record } of viewContainers(this.#context)) {
      const { image, imageMounts = [] } = record.options;
      for (const id of new Set([image.id, ...imageMounts.map(mount => mount.image.id)]))
        users.set(id, [...(users.get(id) ?? []), record.name]);
    }
    return users;
  }

  /**
   * Gives back what containers held whose monitor was killed, or that a restart of the host ended; of the former those
   * are started again whose restart policy says so. Cheap when there are
   * none: any command that runs as root may begin with it. Does nothing without root.
   */
  async settle(): Promise<void> {
    if (isRoot()) await settleLostContainers(this.#context);
  }

  /**
   * Puts in place what somebody took away under containers that run: bridges, packet rules, published ports. Tells
   * `onNetworkRepair`. Cheap when nothing is wrong: any command may begin with it. Says what is wrong, and how it is put right,
   * where this process may not.
   */
  mendNetworks(): void {
    lookAtNetworks(this.#context);
  }

  /**
   * {@link settle}, {@link mendNetworks} and {@link containers} in one, which spares the second look at every state; `onlyUp`:
   * those that run.
   */
  async settledContainers({ onlyUp = false } = {}): Promise<ContainerSummary[]> {
    const context = this.#context;
    const { states, records } = isRoot()
      ? await settleLostContainers(context)
      : { states: readStates(context), records: undefined };
    const running = [...states].flatMap(([id, { status }]) => (status === 'running' ? [id] : []));
    const places = readPlaces(context.layout.containers, running);
    lookAtNetworks(context, places.flat());
    const wanted = [...states].filter(([, { status }]) => !onlyUp || isUp(status));
    return summarizeAll(context, new Map(wanted), {
      records,
      places: new Map(running.map((id, index) => [id, places[index] ?? []])),
    });
  }

  /** Starts what its restart policy wants started after a restart of the host. See {@link bootContainers}. */
  async boot(onDone: (container: BootedContainer) => void): Promise<void> {
    requireRoot('start containers');
    await bootContainers(this.#context, onDone);
  }

  /** Repairs what a killed monitor or a restart of the host left behind; `--rm` containers that ended are removed. */
  async reconcile(): Promise<void> {
    requireRoot('repair containers');
    await reconcileContainers(this.#context);
  }
}

/** Who is told what had to be put right in passing. */
export interface RuntimeListeners {
  /** Told of every container whose monitor did not live to record its end. */
  readonly onSettled?: (settled: SettledContainer) => void;
  /** Told of everything that was put back under containers that run, or could not be. */
  readonly onNetworkRepair?: (repair: NetworkRepair) => void;
}

/** Opens the containers of a root folder; nothing is made before the first create. */
export function openRuntime(folders: RuntimeFolders, listeners: RuntimeListeners = {}): Runtime {
  const layout = runtimeLayout({ root: resolve(folders.root), state: resolve(folders.state) });
  return new Runtime({ layout, repairs: [], ...listeners });
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function requireRoot(what: string): void {
  if (isRoot()) return;
  throw new TinydError('ERR_TINYD_NOT_ROOT', `cannot ${what}: this needs root`, {
    hint: 'run it with sudo: namespaces, mounts and cgroups are made directly, there is no daemon to ask',
  });
}
