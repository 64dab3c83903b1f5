import { hasIpv6 } from '../kernel-ipv6';
import { INTERFACE_NAME_BYTES } from './match';

/** The sets and maps of the table: all that ever changes in it. */
export const SETS = {
  /** The bridges of all networks. */
  bridges: 'bridges',
  /** Pairs of interfaces between which traffic stays within one network. */
  links: 'links',
  /** Those of them that nothing leads out of. */
  internal: 'internal',
  /** The address ranges of all networks. */
  subnets: 'subnets',
  /** Those of them whose containers go out as the host. */
  masqueraded: 'masqueraded',
  /** Ports published on every address: protocol and port, to container address and port. */
  ports: 'ports',
  /** Ports published on one address of the host: address, protocol and port, to container address and port. */
  addressPorts: 'address_ports',
  /** The same four for IPv6. */
  subnets6: 'subnets6',
  masqueraded6: 'masqueraded6',
  ports6: 'ports6',
  addressPorts6: 'address_ports6',
} as const;

/** Numbers by which `nft list` knows the types of keys; the kernel keeps them without looking. */
export const TYPE = { address: 7, address6: 8, protocol: 12, port: 13, interface: 41 } as const;

/** The type of a key that is made of several, each in a multiple of four bytes. */
export function concatenation(...types: readonly number[]): number {
  return types.reduce((all, type) => (all << 6) | type, 0);
}

/** How a set or map is made. */
export interface SetShape {
  readonly name: string;
  readonly keyType: number;
  readonly keyBytes: number;
  readonly isInterval?: true;
  /** Type of the addresses that a port map leads to. */
  readonly portMapOf?: number;
}

const SET_SHAPES: readonly SetShape[] = [
  { name: SETS.bridges, keyType: TYPE.interface, keyBytes: INTERFACE_NAME_BYTES },
  {
    name: SETS.links,
    keyType: concatenation(TYPE.interface, TYPE.interface),
    keyBytes: 2 * INTERFACE_NAME_BYTES,
  },
  { name: SETS.internal, keyType: TYPE.interface, keyBytes: INTERFACE_NAME_BYTES },
  { name: SETS.subnets, keyType: TYPE.address, keyBytes: 4, isInterval: true },
  { name: SETS.masqueraded, keyType: TYPE.address, keyBytes: 4, isInterval: true },
  {
    name: SETS.ports,
    keyType: concatenation(TYPE.protocol, TYPE.port),
    keyBytes: 8,
    portMapOf: TYPE.address,
  },
  {
    name: SETS.addressPorts,
    keyType: concatenation(TYPE.address, TYPE.protocol, TYPE.port),
    keyBytes: 12,
    portMapOf: TYPE.address,
  },
];

/** Those that only a kernel with IPv6 gets. */
const SET_SHAPES_6: readonly SetShape[] = [
  { name: SETS.subnets6, keyType: TYPE.address6, keyBytes: 16, isInterval: true },
  { name: SETS.masqueraded6, keyType: TYPE.address6, keyBytes: 16, isInterval: true },
  {
    name: SETS.ports6,
    keyType: concatenation(TYPE.protocol, TYPE.port),
    keyBytes: 8,
    portMapOf: TYPE.address6,
  },
  {
    name: SETS.addressPorts6,
    keyType: concatenation(TYPE.address6, TYPE.protocol, TYPE.port),
    keyBytes: 24,
    portMapOf: TYPE.address6,
  },
];

/** All sets and maps, as this kernel gets them. */
export function setShapes(): readonly SetShape[] {
  return hasIpv6() ? [...SET_SHAPES, ...SET_SHAPES_6] : SET_SHAPES;
}
