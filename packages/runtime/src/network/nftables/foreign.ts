import { NLM_F_ACK, NLM_F_DUMP } from '../netlink/message';
import { requestIfPresent } from './firewall';
import {
  answerAttributes,
  NFPROTO_INET,
  NFPROTO_IPV4,
  NFT_MSG,
  tablesMessage,
  textAttribute,
} from './message';

const CHAIN_POLICY = 5;
const NF_DROP = 0;

/** The chains in which the host's own firewall decides on forwarded packets: docker's for its users, and the main one. */
const FORWARD_CHAINS = ['DOCKER-USER', 'FORWARD'];

/** True when the FORWARD chain of iptables or ip6tables (the nftables variant) ends in a drop. */
export function forwardPolicyDrops(family = NFPROTO_IPV4): boolean {
  const question = tablesMessage(
    NFT_MSG.getChain,
    NLM_F_ACK,
    family,
    textAttribute(1, 'filter'),
    textAttribute(3, 'FORWARD'),
  );
  const answer = requestIfPresent(question)?.[0];
  return answer !== undefined && answerAttributes(answer).get(CHAIN_POLICY)?.readUInt32BE() === NF_DROP;
}

/** The rules of those chains, as the kernel encodes them. */
export function forwardRules(family = NFPROTO_IPV4): Buffer[] {
  return FORWARD_CHAINS.flatMap(chain => {
    const question = tablesMessage(
      NFT_MSG.getRule,
      NLM_F_DUMP,
      family,
      textAttribute(1, 'filter'),
      textAttribute(2, chain),
    );
    return requestIfPresent(question) ?? [];
  });
}

/** The rules of firewalld's table, as the kernel encodes them; none where it does not run. */
export function firewalldRules(): Buffer[] {
  const question = tablesMessage(NFT_MSG.getRule, NLM_F_DUMP, NFPROTO_INET, textAttribute(1, 'firewalld'));
  return requestIfPresent(question) ?? [];
}
