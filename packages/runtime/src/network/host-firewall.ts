import { readFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { runTool } from './host-tool';
import { forwardChainRefuses, forwardRules } from './nftables/foreign';
import { NFPROTO_IPV4, NFPROTO_IPV6 } from './nftables/message';

/**
 * The host's own iptables rules on forwarding, in so far as they stand in the way.
 *
 * A packet must pass every firewall of a kernel: tinyd's table cannot overrule another one. docker and ufw set the
 * policy of chain FORWARD to drop; firewalld's iptables back end and Red Hat's iptables.service end it with a reject.
 */
interface ForwardChain {
  /** The program that edits it. */
  readonly tool: 'iptables' | 'iptables-legacy' | 'ip6tables' | 'ip6tables-legacy';
  /** By its policy, or by a last rule that drops or rejects all that is left. */
  readonly refuses: boolean;
  /** Counts its rules that name the bridge. */
  readonly countRules: () => number;
}

/** What lets a bridge's packets pass: a rule for what comes from it, and one for what goes to it. */
const SIDES = ['-i', '-o'] as const;

/** The chain that docker keeps for its users comes before its own; elsewhere there is only the main one. */
const CHAINS = ['DOCKER-USER', 'FORWARD'] as const;

/** What tells the two families of addresses apart here. */
const FAMILIES = {
  ip: {
    tool: 'iptables',
    legacyTool: 'iptables-legacy',
    protocol: NFPROTO_IPV4,
    /** Tables of the old, not nftables-based, kind that are loaded in this network namespace. */
    legacyTables: '/proc/net/ip_tables_names',
  },
  ip6: {
    tool: 'ip6tables',
    legacyTool: 'ip6tables-legacy',
    protocol: NFPROTO_IPV6,
    legacyTables: '/proc/net/ip6_tables_names',
  },
} as const;

/** A network, as far as firewalls are concerned. */
export interface ForwardedNetwork {
  readonly bridge: string;
  /** Given if it has IPv6. */
  readonly ipv6?: object;
}

function forwardChains({ bridge, ipv6 }: ForwardedNetwork): ForwardChain[] {
  const families = ipv6 === undefined ? [FAMILIES.ip] : [FAMILIES.ip, FAMILIES.ip6];
  const name = Buffer.from(`${bridge}\0`);
  return families.flatMap(({ tool, legacyTool, protocol, legacyTables }) => {
    const countRules = () => forwardRules(protocol).filter(rule => rule.includes(name)).length;
    const legacy = hasLegacyRules(legacyTables) ? legacyChain(legacyTool, bridge) : [];
    return [{ tool, refuses: forwardChainRefuses(protocol), countRules }, ...legacy];
  });
}

function hasLegacyRules(tables: string): boolean {
  try {
    return readFileSync(tables, 'utf8').split('\n').includes('filter');
  } catch {
    return false; // The kernel has no such tables, or they were never used.
  }
}

function legacyChain(tool: ForwardChain['tool'], bridge: string): ForwardChain[] {
  try {
    const lines = runTool(tool, ['-w', '-S']).split('\n');
    const rules = CHAINS.flatMap(chain => SIDES.map(side => `-A ${chain} ${side} ${bridge} -j ACCEPT`));
    return [
      {
        tool,
        refuses: lines.includes('-P FORWARD DROP') || endsInRefusal(lines),
        countRules: () => lines.filter(line => rules.includes(line)).length,
      },
    ];
  } catch {
    return []; // The program that filled the tables is gone; there is nothing to edit them with.
  }
}

/** Of the rules of chain FORWARD, as iptables lists them, the last one drops or rejects all that is left. */
function endsInRefusal(lines: readonly string[]): boolean {
  const last = lines.findLast(line => line.startsWith('-A FORWARD '));
  return last !== undefined && /^-A FORWARD -j (DROP|REJECT)\b/.test(last);
}

function isBlocked({ refuses, countRules }: ForwardChain): boolean {
  return refuses && countRules() < SIDES.length;
}

/** True when no firewall of the host is known to drop what the bridge forwards. */
export function hostFirewallStands(network: ForwardedNetwork): boolean {
  return !forwardChains(network).some(isBlocked);
}

/**
 * Lets the bridge's packets pass chains that drop by policy; tinyd's own rules still judge them.
 *
 * Fails with ERR_TINYD_NETWORK_FAILED.
 */
export function passHostFirewall(network: ForwardedNetwork): void {
  const { bridge } = network;
  for (const { tool } of forwardChains(network).filter(isBlocked)) {
    const accepted = CHAINS.some(chain =>
      SIDES.map(side => edit(tool, '-I', chain, side, bridge)).every(Boolean),
    );
    if (accepted) continue;
    throw new TinydError(
      'ERR_TINYD_NETWORK_FAILED',
      `cannot forward packets of ${bridge}: chain FORWARD of the host drops them, and ${tool} could not add a rule`,
      { hint: `allow forwarding from and to interface ${bridge} in the host's firewall` },
    );
  }
}

/** Takes back {@link passHostFirewall}. */
export function forgetInHostFirewall(network: ForwardedNetwork): void {
  const { bridge } = network;
  for (const { tool, countRules } of forwardChains(network)) {
    if (countRules() === 0) continue;
    for (const chain of CHAINS) for (const side of SIDES) edit(tool, '-D', chain, side, bridge);
  }
}

/** False when the program is missing, or there is no such chain or rule. */
function edit(tool: string, action: '-I' | '-D', chain: string, side: string, bridge: string): boolean {
  try {
    runTool(tool, ['-w', action, chain, side, bridge, '-j', 'ACCEPT']);
    return true;
  } catch {
    return false;
  }
}
