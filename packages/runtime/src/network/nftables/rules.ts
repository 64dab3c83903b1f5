import { hasIpv6 } from '../kernel-ipv6';
import type { Expression } from './expression';
import {
  addressIn,
  belongsToConnection,
  entersBy,
  goesToHost,
  goesToLoopback6,
  interfaceIn,
  interfacesIn,
  isFamily,
  isIpv4,
  isLoopbackAddress,
  wasPublished,
} from './match';
import { SETS } from './sets';
import { accept, drop, jump, masquerade, translateBy } from './statement';

/** enum nf_inet_hooks */
export const HOOK = { prerouting: 0, forward: 2, output: 3, postrouting: 4 } as const;

/** A chain of the table. */
export interface Chain {
  readonly name: string;
  /** Undefined: reached by jumps only. */
  readonly base?: {
    readonly type: 'filter' | 'nat';
    readonly hook: keyof typeof HOOK;
    readonly priority: number;
  };
  /** Each is built when it is written; every start counts them, which takes none of that. */
  readonly rules: readonly (() => readonly Expression[])[];
  /** How many rules of other chains jump to it: the kernel counts them among its uses. */
  readonly jumpedToBy?: number;
}

/**
 * The rules. They name no network, container or port: those are elements of the sets, found by hashing, so that a
 * packet costs the same with one container and with a thousand.
 */
const CHAINS_4: readonly Chain[] = [
  {
    // Before connection tracking: what must never get in. Since tinyd's bridges route loopback addresses (see
    // `outbound`), nothing but the first two drops stands between a neighbour or a container and the host's
    // loopback services (CVE-2020-8558), or a port published on 127.0.0.1. The third one keeps containers from
    // being addressed past their published ports.
    name: 'guard',
    base: { type: 'filter', hook: 'prerouting', priority: -300 },
    rules: [
      () => [...entersBy('lo'), ...accept()],
      () => [...isIpv4(), ...isLoopbackAddress('daddr'), ...drop()],
      () => [...isIpv4(), ...isLoopbackAddress('saddr'), ...drop()],
      () => [
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
      () => [...isIpv4(), ...translateBy(SETS.addressPorts, true)],
      () => [...isIpv4(), ...translateBy(SETS.ports, false)],
    ],
    jumpedToBy: 2,
  },
  {
    name: 'inbound',
    base: { type: 'nat', hook: 'prerouting', priority: -100 },
    rules: [() => [...isIpv4(), ...goesToHost(), ...jump('publish')]],
  },
  {
    name: 'local',
    base: { type: 'nat', hook: 'output', priority: -100 },
    rules: [() => [...isIpv4(), ...goesToHost(), ...jump('publish')]],
  },
  {
    // Another network of tinyd is as foreign to a container as the world outside: only published ports are open.
    name: 'forward',
    base: { type: 'filter', hook: 'forward', priority: 0 },
    rules: [
      () => [...belongsToConnection(), ...accept()],
      () => [...interfacesIn(SETS.links), ...accept()],
      () => [...interfaceIn('iifname', SETS.internal), ...drop()],
      () => [...interfaceIn('oifname', SETS.bridges), ...wasPublished(), ...accept()],
      () => [...interfaceIn('oifname', SETS.bridges), ...drop()],
    ],
  },
  {
    // The host to a published port by a loopback address; a container to a port of its own network by an address of
    // the host (the answer must come back through the host); a container to the world.
    name: 'outbound',
    base: { type: 'nat', hook: 'postrouting', priority: 100 },
    rules: [
      () => [
        ...isIpv4(),
        ...isLoopbackAddress('saddr'),
        ...interfaceIn('oifname', SETS.bridges),
        ...masquerade(),
      ],
      () => [
        ...isIpv4(),
        ...addressIn('saddr', SETS.subnets),
        ...interfaceIn('oifname', SETS.bridges),
        ...wasPublished(),
        ...masquerade(),
      ],
      () => [
        ...isIpv4(),
        ...addressIn('saddr', SETS.masqueraded),
        ...interfaceIn('oifname', SETS.bridges, false),
        ...masquerade(),
      ],
    ],
  },
];

/** What a kernel with IPv6 has besides: rules to go behind those of the same chain, and one chain more. */
const CHAINS_6: readonly Chain[] = [
  {
    name: 'guard',
    rules: [
      () => [
        ...isFamily('ip6'),
        ...addressIn('daddr', SETS.subnets6, 'ip6'),
        ...interfaceIn('iifname', SETS.bridges, false),
        ...drop(),
      ],
    ],
  },
  {
    name: 'publish6',
    rules: [
      () => [...isFamily('ip6'), ...translateBy(SETS.addressPorts6, true, 'ip6')],
      () => [...isFamily('ip6'), ...translateBy(SETS.ports6, false, 'ip6')],
    ],
    jumpedToBy: 2,
  },
  { name: 'inbound', rules: [() => [...isFamily('ip6'), ...goesToHost(), ...jump('publish6')]] },
  {
    // Answers to ::1 would never come back through a bridge (there is no route_localnet): refused at once is better.
    name: 'local',
    rules: [
      () => [...isFamily('ip6'), ...goesToLoopback6(), ...accept()],
      () => [...isFamily('ip6'), ...goesToHost(), ...jump('publish6')],
    ],
  },
  {
    name: 'outbound',
    rules: [
      () => [
        ...isFamily('ip6'),
        ...addressIn('saddr', SETS.subnets6, 'ip6'),
        ...interfaceIn('oifname', SETS.bridges),
        ...wasPublished(),
        ...masquerade(),
      ],
      () => [
        ...isFamily('ip6'),
        ...addressIn('saddr', SETS.masqueraded6, 'ip6'),
        ...interfaceIn('oifname', SETS.bridges, false),
        ...masquerade(),
      ],
    ],
  },
];

/** All chains, as this kernel gets them. */
export function tableChains(): readonly Chain[] {
  if (!hasIpv6()) return CHAINS_4;
  const joined = CHAINS_4.map(chain => {
    const more = CHAINS_6.find(({ name }) => name === chain.name)?.rules ?? [];
    return { ...chain, rules: [...chain.rules, ...more] };
  });
  return [...joined, ...CHAINS_6.filter(({ name }) => !CHAINS_4.some(chain => chain.name === name))];
}
