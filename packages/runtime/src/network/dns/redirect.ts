import type { NetworkPlan } from '../../plan/network';
import { parseIpv4 } from '../ipv4';
import { NLM_F_APPEND, NLM_F_CREATE, nested } from '../netlink/message';
import type { Expression } from '../nftables/expression';
import { goesToAddress, goesToPort, isIpv4 } from '../nftables/match';
import { change, NFT_MSG, numberAttribute, textAttribute, transaction } from '../nftables/message';
import { translateTo } from '../nftables/statement';
import { RESOLVER_ADDRESS } from './resolv-conf';

/**
 * Where the resolver listens. Port 53 itself must stay free: a container may have a name server of its own there, on
 * all addresses. Above the ephemeral ports of a stock kernel, where no service is registered with IANA.
 */
const RESOLVER_PORT = 65_053;
const DNS_PORT = 53;

/** The table in the container's namespace, and its one chain. */
const TABLE = 'tinyd_dns';
const CHAIN = 'local';

/** NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST (linux/netfilter.h, netfilter_ipv4.h) */
const HOOK_OUTPUT = 3;
const PRIORITY_DST_NAT = -100;

function rule(...expressions: readonly Expression[]): Buffer {
  return change(
    NFT_MSG.newRule,
    NLM_F_CREATE | NLM_F_APPEND,
    textAttribute(1, TABLE),
    textAttribute(2, CHAIN),
    nested(4, ...expressions),
  );
}

function redirect(protocol: 'tcp' | 'udp'): Buffer {
  const address = parseIpv4(RESOLVER_ADDRESS);
  return rule(
    ...isIpv4(),
    ...goesToAddress(address),
    ...goesToPort(protocol, DNS_PORT),
    ...translateTo(address, RESOLVER_PORT),
  );
}

/**
 * The part of a network plan that gives a container its resolver: two sockets at a port of their own, and a table in
 * the container's namespace that leads 127.0.0.11:53 there. `writeDnsService` says what it answers.
 */
export function dnsPlan(): NonNullable<NetworkPlan['dns']> {
  const hook = nested(4, numberAttribute(1, HOOK_OUTPUT), numberAttribute(2, PRIORITY_DST_NAT));
  return {
    address: RESOLVER_ADDRESS,
    port: RESOLVER_PORT,
    redirectBatch: transaction(
      change(NFT_MSG.newTable, NLM_F_CREATE, textAttribute(1, TABLE), numberAttribute(2, 0)),
      change(
        NFT_MSG.newChain,
        NLM_F_CREATE,
        textAttribute(1, TABLE),
        textAttribute(3, CHAIN),
        hook,
        textAttribute(7, 'nat'),
      ),
      redirect('udp'),
      redirect('tcp'),
    ),
  };
}
