import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { TinydError } from '@tinyd/core';
import { digestHexOf } from '@tinyd/native';
import type { RuntimeContext } from './context';
import { recordNetwork } from './events/record-network';
import type { InspectDocument } from './lifecycle/inspect-document';
import { inspectNetwork, inspectPredefined } from './lifecycle/inspect-network';
import { runningNetworks } from './lifecycle/network';
import {
  allNetworks,
  createNetwork,
  isPredefined,
  type Network,
  type NetworkOptions,
  pickNetwork,
  removeNetwork,
} from './network';

/** Everything that a row of `network ls` shows, in a typed form. */
export interface NetworkSummary {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly driver: string;
  /** RFC 3339; empty for `host` and `none`, which were never made. */
  readonly created: string;
  readonly internal: boolean;
  readonly ipv6: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent for `host` and `none`. */
  readonly subnet?: string;
  readonly gateway?: string;
  /** Given if it has IPv6. */
  readonly subnet6?: string;
  readonly gateway6?: string;
  /** Name of the link. */
  readonly bridge?: string;
  /** Always there: cannot be made or removed. */
  readonly isPredefined: boolean;
  /** Names of the running containers on it. */
  readonly containers: readonly string[];
}

/** `host` and `none` have no definition; their IDs are the same everywhere. */
function withoutDefinition(): { readonly name: 'host' | 'none'; readonly id: string }[] {
  return (['host', 'none'] as const).map(name => ({
    name,
    id: digestHexOf('sha256', Buffer.from(`tinyd network ${name}`)),
  }));
}

/** The networks of one root folder. Holds nothing open. */
export class Networks {
  readonly #context: RuntimeContext;

  constructor(context: RuntimeContext) {
    this.#context = context;
  }

  get #root(): string {
    return this.#context.layout.root;
  }

  readonly #running = () => runningNetworks(this.#context);

  /** Makes a network and sets it up; returns its ID. See {@link createNetwork} for the errors. */
  create(options: NetworkOptions): string {
    const { id, name } = createNetwork({ root: this.#root, running: this.#running }, options);
    recordNetwork(this.#context, { id, name }, 'create');
    return id;
  }

  /** All networks, by name. */
  list(): NetworkSummary[] {
    const running = this.#running();
    const summaries = allNetworks(this.#root).map(network => summarize(network, running));
    const others = withoutDefinition().map(({ name, id }) => ({
      name,
      id,
      driver: name === 'none' ? 'null' : name,
      created: '',
      internal: false,
      ipv6: false,
      labels: {},
      isPredefined: true,
      containers: [],
    }));
    return [...summaries, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The document of `tinyd network inspect`. Fails as {@link find} does. */
  inspect(text: string): InspectDocument {
    const found = this.find(text);
    if (found.name === 'host' || found.name === 'none') return inspectPredefined(found.name, found.id);
    return inspectNetwork(this.#network(found.id), this.#running());
  }

  /**
   * Finds a network by full ID, name, or unique prefix of an ID. Fails with ERR_TINYD_NETWORK_NOT_FOUND or
   * ERR_TINYD_NETWORK_AMBIGUOUS.
   */
  find(text: string): { readonly name: string; readonly id: string } {
    const { name, id } = pickNetwork([...allNetworks(this.#root), ...withoutDefinition()], text);
    return { name, id };
  }

  /** Removes a network. See {@link removeNetwork} for the errors. */
  async remove(text: string): Promise<void> {
    const found = this.find(text);
    if (withoutDefinition().some(({ name }) => name === found.name)) {
      throw new TinydError(
        'ERR_TINYD_NETWORK_IN_USE',
        `cannot remove network ${found.name}: it is no network that was made`,
        {
          hint: 'only networks that were created can be removed',
          details: { network: found.name },
        },
      );
    }
    await removeNetwork(this.#root, this.#network(found.id), this.#running);
    rmSync(join(this.#context.layout.state, 'networks', found.id), { recursive: true, force: true });
    recordNetwork(this.#context, found, 'destroy');
  }

  #network(id: string): Network {
    return pickNetwork(allNetworks(this.#root), id);
  }
}

function summarize(network: Network, running: ReturnType<typeof runningNetworks>): NetworkSummary {
  const { record } = network;
  return {
    name: record.name,
    id: record.id,
    driver: record.driver,
    created: record.created,
    internal: network.internal,
    ipv6: network.ipv6 !== undefined,
    labels: record.labels ?? {},
    subnet: record.subnet,
    gateway: record.gateway,
    ...(record.ipv6 === undefined ? {} : { subnet6: record.ipv6.subnet, gateway6: record.ipv6.gateway }),
    bridge: record.bridge,
    isPredefined: isPredefined(record.name),
    containers: running
      .filter(({ settings }) => settings.networkId === network.id)
      .map(container => container.name),
  };
}
