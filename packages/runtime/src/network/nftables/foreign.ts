import { eachAttribute, NLM_F_ACK, NLM_F_DUMP, readAttributes } from '../netlink/message';
import { requestIfPresent } from './firewall';
import {
  answerAttributes,
  NFPROTO_INET,
  NFPROTO_IPV4,
  NFT_MSG,
  tablesMessage,
  textAttribute,
} from './message';
import { HOOK } from './rules';
import { TABLE } from './table';

/** Attributes of chains, of rules and of their expressions (linux/netfilter/nf_tables.h). */
const CHAIN = { table: 1, name: 3, hook: 4, policy: 5 } as const;
const HOOK_NUMBER = 1;
const RULE = { chain: 2, expressions: 4 } as const;
const EXPRESSION = { name: 1, data: 2 } as const;
const IMMEDIATE_DATA = 2;
const DATA_VERDICT = 2;
const VERDICT_CODE = 1;
const TARGET_NAME = 1;
const NF_DROP = 0;

/** Expressions that let every packet go on to the next one. */
const INDIFFERENT = ['counter', 'log'];

/** The chains in which the host's own firewall decides on forwarded packets: docker's for its users, and the main one. */
const FORWARD_CHAINS = ['DOCKER-USER', 'FORWARD'];

/**
 * True when chain FORWARD of iptables or ip6tables (the nftables variant) lets nothing pass that its rules do not name:
 * by its policy, or by a last rule that drops or rejects all that is left.
 */
export function forwardChainRefuses(family = NFPROTO_IPV4): boolean {
  const question = tablesMessage(
    NFT_MSG.getChain,
    NLM_F_ACK,
    family,
    textAttribute(1, 'filter'),
    textAttribute(CHAIN.name, 'FORWARD'),
  );
  const chain = requestIfPresent(question)?.map(answerAttributes)[0];
  if (chain === undefined) return false;
  return dropsByPolicy(chain) || refusesAll(rulesOf(family, 'filter', 'FORWARD').at(-1));
}

/** The rules of those chains, as the kernel encodes them. */
export function forwardRules(family = NFPROTO_IPV4): Buffer[] {
  return FORWARD_CHAINS.flatMap(chain => rulesOf(family, 'filter', chain));
}

/** A chain of the host through which forwarded packets must pass, and in which those end that no rule of it names. */
export interface Barrier {
  readonly table: string;
  readonly chain: string;
}

/**
 * The barriers in tables of the family `inet` that have no rule, not even a rule's comment, in which a link is named:
 * firewalld's, and those that administrators write. Rules that mean the link by other words are not understood.
 */
export function barriersTo(link: string): Barrier[] {
  return foreignForwardChains().filter(({ table, chain, dropsByPolicy }) => {
    const refuses = dropsByPolicy || refusesAll(rulesOf(NFPROTO_INET, table, chain).at(-1));
    return refuses && !isNamedIn(table, link);
  });
}

/** True when a rule of a table of the family `inet` names a link. */
export function isNamedIn(table: string, link: string): boolean {
  const name = Buffer.from(`${link}\0`);
  return rulesOf(NFPROTO_INET, table).some(rule => rule.includes(name));
}

/** The chains that the kernel calls for forwarded packets, but for tinyd's own and those of iptables. */
function foreignForwardChains(): (Barrier & { readonly dropsByPolicy: boolean })[] {
  const chains = requestIfPresent(tablesMessage(NFT_MSG.getChain, NLM_F_DUMP, NFPROTO_INET)) ?? [];
  return chains.map(answerAttributes).flatMap(chain => {
    const table = textOf(chain.get(CHAIN.table));
    const hook = readAttributes(chain.get(CHAIN.hook) ?? NOTHING).get(HOOK_NUMBER);
    if (table === TABLE || hook?.readUInt32BE() !== HOOK.forward) return [];
    return [{ table, chain: textOf(chain.get(CHAIN.name)), dropsByPolicy: dropsByPolicy(chain) }];
  });
}

function rulesOf(family: number, table: string, chain?: string): Buffer[] {
  const wanted = chain === undefined ? [] : [textAttribute(RULE.chain, chain)];
  const question = tablesMessage(NFT_MSG.getRule, NLM_F_DUMP, family, textAttribute(1, table), ...wanted);
  return requestIfPresent(question) ?? [];
}

function dropsByPolicy(chain: ReadonlyMap<number, Buffer>): boolean {
  return chain.get(CHAIN.policy)?.readUInt32BE() === NF_DROP;
}

/** True for a rule that drops or rejects whatever comes to it. */
function refusesAll(rule: Buffer | undefined): boolean {
  if (rule === undefined) return false;
  const expressions = [...eachAttribute(answerAttributes(rule).get(RULE.expressions) ?? NOTHING)]
    .map(([, expression]) => readAttributes(expression))
    .filter(expression => !INDIFFERENT.includes(textOf(expression.get(EXPRESSION.name))));
  const [only, ...others] = expressions;
  return only !== undefined && others.length === 0 && isRefusal(only);
}

function isRefusal(expression: ReadonlyMap<number, Buffer>): boolean {
  const data = readAttributes(expression.get(EXPRESSION.data) ?? NOTHING);
  switch (textOf(expression.get(EXPRESSION.name))) {
    case 'reject':
      return true;
    case 'target': // of iptables
      return textOf(data.get(TARGET_NAME)) === 'REJECT';
    case 'immediate': {
      const verdict = readAttributes(data.get(IMMEDIATE_DATA) ?? NOTHING).get(DATA_VERDICT) ?? NOTHING;
      return readAttributes(verdict).get(VERDICT_CODE)?.readUInt32BE() === NF_DROP;
    }
    default:
      return false;
  }
}

const NOTHING = Buffer.alloc(0);

function textOf(attribute: Buffer | undefined): string {
  return attribute === undefined ? '' : attribute.toString('latin1').replace(/\0.*$/s, '');
}
