import {
  attribute,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nested,
  u32,
  zeroTerminated,
} from '../netlink/message';
import {
  accept,
  addressIn,
  belongsToConnection,
  drop,
  type Expression,
  entersBy,
  goesToHost,
  INTERFACE_NAME_BYTES,
  interfaceIn,
  interfacesIn,
  isIpv4,
  isLoopbackAddress,
  jump,
  masquerade,
  translateBy,
  wasPublished,
} from './expression';
import { change, NFT_MSG, numberAttribute, textAttribute, transaction } from './message';

/** The one table of tinyd, in the family `inet`. */
export const TABLE = 'tinyd';

/** Its sets and maps: all that ever changes in it. */
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
} as const;

/** Numbers by which `nft list` knows the types of keys; the kernel keeps them without looking. */
const TYPE = { address: 7, protocol: 12, port: 13, interface: 41 } as const;

function concatenation(...types: readonly number[]): number {
  return types.reduce((all, type) => (all << 6) | type, 0);
}

/** A note for `nft list` (NFTNL_UDATA_SET_KEYBYTEORDER, four bytes): names are kept from their first letter on. */
const HOST_ORDER_KEYS = Buffer.concat([Buffer.from([0, 4]), u32(1)]);

const SET_INTERVAL = 0x4;
const SET_MAP = 0x8;

interface SetShape {
  readonly name: string;
  readonly keyType: number;
  readonly keyBytes: number;
  readonly isInterval?: true;
  readonly isPortMap?: true;
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
  { name: SETS.ports, keyType: concatenation(TYPE.protocol, TYPE.port), keyBytes: 8, isPortMap: true },
  {
    name: SETS.addressPorts,
    keyType: concatenation(TYPE.address, TYPE.protocol, TYPE.port),
    keyBytes: 12,
    isPortMap: true,
  },
];

/** enum nf_inet_hooks */
const HOOK = { prerouting: 0, forward: 2, output: 3, postrouting: 4 } as const;

interface Chain {
  readonly name: string;
  /** Undefined: reached by jumps only. */
  readonly base?: {
    readonly type: 'filter' | 'nat';
    readonly hook: keyof typeof HOOK;
    readonly priority: number;
  };
  readonly rules: readonly (readonly Expression[])[];
  /** How many rules of other chains jump to it: the kernel counts them among its uses. */
  readonly jumpedToBy?: number;
}

/**
 * The rules. They name no network, container or port: those are elements of the sets, found by hashing, so that a
 * packet costs the same with one container and with a thousand.
 */
export const CHAINS: readonly Chain[] = [
  {
    // Before connection tracking: what must never get in. Since tinyd's bridges route loopback addresses (see
    // `outbound`), nothing but the first two drops stands between a neighbour or a container and the host's
    // loopback services (CVE-2020-8558), or a port published on 127.0.0.1. The third one keeps containers from
    // being addressed past their published ports.
    name: 'guard',
    base: { type: 'filter', hook: 'prerouting', priority: -300 },
    rules: [
      [...entersBy('lo'), ...accept()],
      [...isIpv4(), ...isLoopbackAddress('daddr'), ...drop()],
      [...isIpv4(), ...isLoopbackAddress('saddr'), ...drop()],
      [
        ...isIpv4(),
        ...addressIn('daddr', SETS.subnets),
        ...interfaceIn('iifname', SETS.bridges, false),
        ...drop(),
      ],
    ],
  },
  {
    name: 'publish',
    rules: [
      [...isIpv4(), ...translateBy(SETS.addressPorts, true)],
      [...isIpv4(), ...translateBy(SETS.ports, false)],
    ],
    jumpedToBy: 2,
  },
  {
    name: 'inbound',
    base: { type: 'nat', hook: 'prerouting', priority: -100 },
    rules: [[...isIpv4(), ...goesToHost(), ...jump('publish')]],
  },
  {
    name: 'local',
    base: { type: 'nat', hook: 'output', priority: -100 },
    rules: [[...isIpv4(), ...goesToHost(), ...jump('publish')]],
  },
  {
    // Another network of tinyd is as foreign to a container as the world outside: only published ports are open.
    name: 'forward',
    base: { type: 'filter', hook: 'forward', priority: 0 },
    rules: [
      [...belongsToConnection(), ...accept()],
      [...interfacesIn(SETS.links), ...accept()],
      [...interfaceIn('iifname', SETS.internal), ...drop()],
      [...interfaceIn('oifname', SETS.bridges), ...wasPublished(), ...accept()],
      [...interfaceIn('oifname', SETS.bridges), ...drop()],
    ],
  },
  {
    // The host to a published port by a loopback address; a container to a port of its own network by an address of
    // the host (the answer must come back through the host); a container to the world.
    name: 'outbound',
    base: { type: 'nat', hook: 'postrouting', priority: 100 },
    rules: [
      [...isIpv4(), ...isLoopbackAddress('saddr'), ...interfaceIn('oifname', SETS.bridges), ...masquerade()],
      [
        ...isIpv4(),
        ...addressIn('saddr', SETS.subnets),
        ...interfaceIn('oifname', SETS.bridges),
        ...wasPublished(),
        ...masquerade(),
      ],
      [
        ...isIpv4(),
        ...addressIn('saddr', SETS.masqueraded),
        ...interfaceIn('oifname', SETS.bridges, false),
        ...masquerade(),
      ],
    ],
  },
];

function newSet(shape: SetShape, id: number): Buffer {
  const flags = (shape.isInterval ? SET_INTERVAL : 0) | (shape.isPortMap ? SET_MAP : 0);
  const data = shape.isPortMap
    ? [numberAttribute(6, concatenation(TYPE.address, TYPE.port)), numberAttribute(7, 8)]
    : [];
  return change(
    NFT_MSG.newSet,
    NLM_F_CREATE,
    textAttribute(1, TABLE),
    textAttribute(2, shape.name),
    numberAttribute(3, flags),
    numberAttribute(4, shape.keyType),
    numberAttribute(5, shape.keyBytes),
    ...data,
    numberAttribute(10, id),
    ...(shape.keyType === TYPE.interface ? [attribute(13, HOST_ORDER_KEYS)] : []),
  );
}

function newChain(chain: Chain): Buffer {
  const base = chain.base;
  const attributes = [textAttribute(1, TABLE), textAttribute(3, chain.name)];
  if (base !== undefined) {
    const hook = nested(4, numberAttribute(1, HOOK[base.hook]), numberAttribute(2, base.priority));
    attributes.push(hook, textAttribute(7, base.type));
  }
  return change(NFT_MSG.newChain, NLM_F_CREATE, ...attributes);
}

function newRule(chain: Chain, expressions: readonly Expression[]): Buffer {
  return change(
    NFT_MSG.newRule,
    NLM_F_CREATE | NLM_F_APPEND,
    textAttribute(1, TABLE),
    textAttribute(2, chain.name),
    nested(4, ...expressions),
  );
}

/** Deletes the table with all that is in it. Fails with ENOENT. */
export function deleteTable(): Buffer {
  return change(NFT_MSG.delTable, 0, textAttribute(1, TABLE));
}

function newTable(flags: number, comment: string | undefined): Buffer {
  const attributes = [textAttribute(1, TABLE), numberAttribute(2, 0)];
  if (comment !== undefined) attributes.push(attribute(TABLE_USERDATA, encodeComment(comment)));
  return change(NFT_MSG.newTable, NLM_F_CREATE | flags, ...attributes);
}

const TABLE_USERDATA = 6;
/** NFTNL_UDATA_TABLE_COMMENT: type, length, text with its NUL. `nft list` shows it. */
const COMMENT = 0;

function encodeComment(comment: string): Buffer {
  const text = zeroTerminated(comment);
  return Buffer.concat([Buffer.from([COMMENT, text.length]), text]);
}

/** Reads the comment out of a table's attributes. */
export function readComment(attributes: ReadonlyMap<number, Buffer>): string | undefined {
  const data = attributes.get(TABLE_USERDATA);
  if (data?.[0] !== COMMENT || data.length !== 2 + (data[1] ?? 0)) return undefined;
  return data.subarray(2, -1).toString();
}

function contents(): Buffer[] {
  return [
    ...SET_SHAPES.map((shape, index) => newSet(shape, index + 1)),
    ...CHAINS.map(newChain),
    ...CHAINS.flatMap(chain => chain.rules.map(rule => newRule(chain, rule))),
  ];
}

/** Creates the table, and its first elements with it. Fails with EEXIST when there is one. */
export function createTable(comment: string | undefined, elements: readonly Buffer[]): Buffer {
  return transaction(newTable(NLM_F_EXCL, comment), ...contents(), ...elements);
}

/** Puts the table in the place of one that was tampered with, in one step. Other elements than these are lost. */
export function replaceTable(comment: string | undefined, elements: readonly Buffer[]): Buffer {
  const old = [newTable(0, undefined), deleteTable()];
  return transaction(...old, newTable(0, comment), ...contents(), ...elements);
}
