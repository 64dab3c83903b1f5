import { formatIpv6 } from '../ipv6';
import { linkIndex } from '../link-index';
import { linkIndexes } from '../links';
import { dropElements, lookUp } from '../nftables/firewall';
import { type AttachedContainer, type PublishedPort, portElements } from '../settings';
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
    for (const element of portElements([port], { address: 0 })) {
      const value = lookUp(element);
      if (value === undefined) continue;
      if (isAlive(value, running)) throw await portTakenError(port, running());
      dropElements([{ ...element, value }]);
    }
  }
}

/** Whether the address that an element leads to belongs to a container, by its link or, for IPv6, by what it says. */
function isAlive(value: Buffer, running: () => readonly AttachedContainer[]): boolean {
  if (value.length < IPV6_BYTES) return linkIndexes().has(linkIndex(value.readUInt32BE()));
  const address = formatIpv6(BigInt(`0x${value.subarray(0, IPV6_BYTES).toString('hex')}`));
  return running().some(({ settings }) => settings.address6 === address);
}

const IPV6_BYTES = 16;
