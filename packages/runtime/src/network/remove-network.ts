import { setTimeout as sleep } from 'node:timers/promises';
import { TinydError } from '@tinyd/core';
import { withNamespaceLock } from './bridge';
import { isPredefined, type Network, readDefinition } from './definition';
import { linkIndex } from './link-index';
import { allLinks } from './links';
import { isMacvlan } from './macvlan';
import { networkNotFound } from './network-not-found';
import { takeDown } from './release';
import type { AttachedContainer } from './settings';

/** The kernel takes down a namespace and its links when it gets to it: 10 ms to a second after the last process. */
const PORTS_PATIENCE_MS = 5000;
const PORTS_POLL_MS = 20;

/**
 * Removes a network that no running container is on.
 *
 * A start that comes at the same moment finds either the network or, when the kernel refuses its link, an error.
 * Fails with ERR_TINYD_NETWORK_IN_USE or ERR_TINYD_NETWORK_NOT_FOUND.
 */
export async function removeNetwork(
  root: string,
  network: Network,
  running: () => readonly AttachedContainer[],
): Promise<void> {
  const { name, id } = network;
  if (isPredefined(name)) {
    throw new TinydError(
      'ERR_TINYD_NETWORK_IN_USE',
      `cannot remove network ${name}: this network is always there`,
      {
        hint: 'only networks that were created can be removed',
        details: { network: name },
      },
    );
  }
  for (let waited = 0; ; waited += PORTS_POLL_MS) {
    const outcome = withNamespaceLock(() => {
      if (readDefinition(root, name)?.id !== id) throw networkNotFound(name);
      const users = networkUsers(network, running());
      if (users.length > 0) throw inUse(name, users);
      if (!isMacvlan(network) && hasPorts(network)) return 'has ports';
      takeDown(root, network);
      return 'removed';
    });
    if (outcome === 'removed') return;
    if (waited >= PORTS_PATIENCE_MS) throw inUse(name, []);
    await sleep(PORTS_POLL_MS);
  }
}

/** Names of the containers that have a place on a network. */
function networkUsers(network: Network, running: readonly AttachedContainer[]): string[] {
  return running.filter(({ settings }) => settings.networkId === network.id).map(container => container.name);
}

/**
 * True when a link is a port of the network's bridge: that of a container that is just starting, and has no state yet, or
 * that of one which has ended a moment ago.
 */
function hasPorts(network: Network): boolean {
  return allLinks().some(link => link.master === linkIndex(network.gateway));
}

function inUse(name: string, users: readonly string[]): TinydError {
  const who =
    users.length > 1
      ? `containers ${users.join(', ')} are`
      : `${users[0] === undefined ? 'a container that is just starting' : `container ${users[0]}`} is`;
  return new TinydError('ERR_TINYD_NETWORK_IN_USE', `cannot remove network ${name}: ${who} on it`, {
    hint: 'stop or disconnect them first',
    details: { network: name, containers: users },
  });
}
