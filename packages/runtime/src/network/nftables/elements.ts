import { type Ipv4, ipv4Bytes, type Subnet, subnetSize } from '../ipv4';
import { type Ipv6, ipv6Bytes, type Subnet6, subnetSize6 } from '../ipv6';
import { attribute, NLM_F_ACK, NLM_F_CREATE, nested } from '../netlink/message';
import { interfaceName } from './match';
import { change, NFPROTO_INET, NFT_MSG, numberAttribute, tablesMessage, textAttribute } from './message';
import { SETS } from './sets';
import { TABLE } from './table';

/** One element of a set or map, as the kernel keeps it. */
export interface SetElement {
  readonly set: string;
  readonly key: Buffer;
  readonly value?: Buffer;
  /** The key is the first address behind a range. */
  readonly endsInterval?: true;
}

/** IP protocol numbers of what can be published. */
const PROTOCOL = { tcp: 6, udp: 17 } as const;

/** Keeps a message of them well below the 64 KiB of an attribute. */
const ELEMENTS_PER_MESSAGE = 500;

const ANY_ADDRESS = 0;
const ELEMENT_INTERVAL_END = 1;

/** What a published port is known by. */
export interface PublishedKey {
  /** 0 stands for every address of the host. */
  readonly hostAddress: Ipv4;
  readonly hostPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Fields of a concatenation each start at a multiple of four bytes. */
function protocolField(protocol: 'tcp' | 'udp'): Buffer {
  return Buffer.from([PROTOCOL[protocol], 0, 0, 0]);
}

function portField(port: number): Buffer {
  return Buffer.from([port >> 8, port & 255, 0, 0]);
}

/** The element that stands for a published port. */
export function portElement(key: PublishedKey, address: Ipv4, containerPort: number): SetElement {
  const value = Buffer.concat([ipv4Bytes(address), portField(containerPort)]);
  const fields = [protocolField(key.protocol), portField(key.hostPort)];
  if (key.hostAddress === ANY_ADDRESS) return { set: SETS.ports, key: Buffer.concat(fields), value };
  return { set: SETS.addressPorts, key: Buffer.concat([ipv4Bytes(key.hostAddress), ...fields]), value };
}

/** The same for IPv6; host address `::` stands for every one. */
export function portElement6(
  key: Omit<PublishedKey, 'hostAddress'> & { readonly hostAddress: Ipv6 },
  address: Ipv6,
  containerPort: number,
): SetElement {
  const value = Buffer.concat([ipv6Bytes(address), portField(containerPort)]);
  const fields = [protocolField(key.protocol), portField(key.hostPort)];
  if (key.hostAddress === 0n) return { set: SETS.ports6, key: Buffer.concat(fields), value };
  return { set: SETS.addressPorts6, key: Buffer.concat([ipv6Bytes(key.hostAddress), ...fields]), value };
}

/** What the rules must know of a network. */
export interface NetworkFacts {
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly ipv6?: { readonly subnet: Subnet6 };
  readonly internal: boolean;
  readonly driver: { readonly icc: boolean; readonly masquerade: boolean };
}

/** The elements that make a network known to the rules. */
export function networkElements({ bridge, subnet, ipv6, internal, driver }: NetworkFacts): SetElement[] {
  const name = interfaceName(bridge);
  const goesOutAsHost = driver.masquerade && !internal;
  return [
    { set: SETS.bridges, key: name },
    ...(driver.icc ? [{ set: SETS.links, key: Buffer.concat([name, name]) }] : []),
    ...(internal ? [{ set: SETS.internal, key: name }] : []),
    ...range(SETS.subnets, subnet),
    ...(goesOutAsHost ? range(SETS.masqueraded, subnet) : []),
    ...(ipv6 === undefined ? [] : range6(SETS.subnets6, ipv6.subnet)),
    ...(ipv6 !== undefined && goesOutAsHost ? range6(SETS.masqueraded6, ipv6.subnet) : []),
  ];
}

function range(set: string, subnet: Subnet): SetElement[] {
  return [
    { set, key: ipv4Bytes(subnet.base) },
    { set, key: ipv4Bytes(subnet.base + subnetSize(subnet)), endsInterval: true },
  ];
}

function range6(set: string, subnet: Subnet6): SetElement[] {
  return [
    { set, key: ipv6Bytes(subnet.base) },
    { set, key: ipv6Bytes(subnet.base + subnetSize6(subnet)), endsInterval: true },
  ];
}

function encode(element: SetElement, withValue: boolean): Buffer {
  const parts = [nested(1, attribute(1, element.key))];
  if (withValue && element.value !== undefined) parts.push(nested(2, attribute(1, element.value)));
  if (element.endsInterval) parts.push(numberAttribute(3, ELEMENT_INTERVAL_END));
  return nested(1, ...parts);
}

/** Groups elements by set, a message's worth each. */
function changes(type: number, flags: number, elements: readonly SetElement[], withValue: boolean): Buffer[] {
  const messages: Buffer[] = [];
  for (const set of new Set(elements.map(element => element.set))) {
    const members = elements.filter(element => element.set === set);
    for (let at = 0; at < members.length; at += ELEMENTS_PER_MESSAGE) {
      const encoded = members.slice(at, at + ELEMENTS_PER_MESSAGE).map(member => encode(member, withValue));
      messages.push(
        change(type, flags, textAttribute(1, TABLE), textAttribute(2, set), nested(3, ...encoded)),
      );
    }
  }
  return messages;
}

/**
 * Adds elements; those that are there already are left alone.
 *
 * Fails with ENOENT without the table, with EEXIST or EBUSY when a key leads elsewhere.
 */
export function addElements(elements: readonly SetElement[]): Buffer[] {
  return changes(NFT_MSG.newElements, NLM_F_CREATE, elements, true);
}

/** Removes elements by their keys. Fails with ENOENT. */
export function removeElements(elements: readonly SetElement[]): Buffer[] {
  return changes(NFT_MSG.delElements, 0, elements, false);
}

/** Asks for one element by its key. Fails with ENOENT. */
export function getElement(element: SetElement): Buffer {
  return tablesMessage(
    NFT_MSG.getElements,
    NLM_F_ACK,
    NFPROTO_INET,
    textAttribute(1, TABLE),
    textAttribute(2, element.set),
    nested(3, encode(element, false)),
  );
}

/** Asks for elements by their keys, a set's worth in one message. Fails with ENOENT when one is missing. */
export function getElements(elements: readonly SetElement[]): Buffer[] {
  return changes(NFT_MSG.getElements, 0, elements, false);
}
