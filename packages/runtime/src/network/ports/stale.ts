import { linkIndexes } from '../links';
import { dropElements, lookUp } from '../nftables/firewall';
import { type AttachedContainer, type PublishedPort, portElements } from '../settings';
import { linkIndex } from '../veth';
import { portTakenError } from './taken';

/**
 * Removes what monitors that were killed left in the firewall's maps for ports that could be bound a moment ago.
 *
 * Where the link of the container that an element leads to is still there, the element is alive: another start was
 * faster and is about to claim the port. Fails with ERR_TINYD_PORT_TAKEN then.
 */
export async function clearStalePorts(
  ports: readonly PublishedPort[],
  running: () => readonly AttachedContainer[],
): Promise<void> {
  for (const port of ports) {
    for (const element of portElements([port], 0)) {
      const value = lookUp(element);
      if (value === undefined) continue;
      if (linkIndexes().has(linkIndex(value.readUInt32BE()))) throw await portTakenError(port, running());
      dropElements([{ ...element, value }]);
    }
  }
}
