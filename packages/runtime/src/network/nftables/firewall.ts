import { NETLINK_NETFILTER, netlinkRequest } from '@tinyd/native';
import { systemCode } from '../../atomic-file';
import { NLM_F_ACK, NLM_F_DUMP, readAttributes } from '../netlink/message';
import { addElements, getElement, getElements, removeElements, type SetElement } from './elements';
import {
  answerAttributes,
  NFPROTO_INET,
  NFT_MSG,
  tablesMessage,
  textAttribute,
  transaction,
} from './message';
import { tableChains } from './rules';
import { SETS } from './sets';
import { createTable, deleteTable, readComment, repairTable, replaceTable, TABLE } from './table';

const CHAIN_NAME = 3;
const CHAIN_USE = 6;
const ELEMENT_VALUE = 2;
/** Asked for at once: their answers must fit a socket. */
const ELEMENTS_AT_ONCE = 200;

/** Sends nf_tables messages to the kernel. */
function request(messages: Uint8Array): Buffer[] {
  return netlinkRequest(NETLINK_NETFILTER, messages);
}

/** As {@link request}; undefined when what it speaks of does not exist. */
export function requestIfPresent(messages: Uint8Array): Buffer[] | undefined {
  try {
    return request(messages);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `missing`: no table; `damaged`: somebody removed or added rules in it. */
type TableState = 'intact' | 'missing' | 'damaged';

/** Looks how many rules each chain has: one round trip, nothing is dumped. */
function tableState(): TableState {
  const chains = tableChains();
  const questions = chains.map(chain =>
    tablesMessage(
      NFT_MSG.getChain,
      NLM_F_ACK,
      NFPROTO_INET,
      textAttribute(1, TABLE),
      textAttribute(CHAIN_NAME, chain.name),
    ),
  );
  const answers = requestIfPresent(Buffer.concat(questions));
  if (answers === undefined) return findTable() === undefined ? 'missing' : 'damaged';
  const uses = answers.map(answer => answerAttributes(answer).get(CHAIN_USE)?.readUInt32BE());
  const intact = chains.every((chain, index) => uses[index] === chain.rules.length + (chain.jumpedToBy ?? 0));
  return intact ? 'intact' : 'damaged';
}

/** Attributes of the table itself. */
function findTable(): Map<number, Buffer> | undefined {
  const question = tablesMessage(NFT_MSG.getTable, NLM_F_ACK, NFPROTO_INET, textAttribute(1, TABLE));
  return requestIfPresent(question)?.map(answerAttributes)[0];
}

/** True when nobody has removed or added rules, whatever networks they know. */
export function rulesStand(): boolean {
  return tableState() === 'intact';
}

/**
 * True when the rules stand and know a network.
 *
 * @param elements of the network; they are added together, so that the first of them stands for all.
 */
export function firewallStands(elements: readonly SetElement[]): boolean {
  return rulesStand() && elements[0] !== undefined && lookUp(elements[0]) !== undefined;
}

/** True when the rules stand and have all of these elements, wherever they lead. */
export function elementsStand(elements: readonly SetElement[]): boolean {
  if (!rulesStand()) return false;
  const keys = elements.filter(element => element.endsInterval === undefined);
  for (let at = 0; at < keys.length; at += ELEMENTS_AT_ONCE) {
    const some = getElements(keys.slice(at, at + ELEMENTS_AT_ONCE));
    if (requestIfPresent(Buffer.concat(some)) === undefined) return false;
  }
  return true;
}

/**
 * Puts the rules in place where they are missing or were tampered with, and adds elements to them.
 *
 * @param comment for a new table; one that is replaced keeps its own.
 */
export function raiseFirewall(elements: readonly SetElement[], comment: string | undefined): void {
  const added = addElements(elements);
  const state = tableState();
  if (state === 'missing') request(createTable(comment, added));
  else if (state === 'intact') request(transaction(...added));
  else repair(added, comment);
}

/** The table of an older tinyd may have sets or chains that are no use: it is replaced then. */
function repair(elements: readonly Buffer[], comment: string | undefined): void {
  try {
    request(repairTable(elements));
  } catch {
    request(replaceTable(readComment(findTable() ?? new Map()) ?? comment, elements));
  }
}

/** What a key leads to: an empty buffer in a plain set, undefined when it is absent. */
export function lookUp(element: SetElement): Buffer | undefined {
  const answer = requestIfPresent(getElement(element))?.[0];
  if (answer === undefined) return undefined;
  const list = answerAttributes(answer).get(3);
  const first = list === undefined ? undefined : readAttributes(list).get(1);
  const value = first === undefined ? undefined : readAttributes(first).get(ELEMENT_VALUE);
  return value === undefined ? Buffer.alloc(0) : readAttributes(value).get(1);
}

/** Adds elements to rules that stand. Fails with ENOENT when somebody flushed them, with EEXIST when a key leads elsewhere. */
export function addToFirewall(elements: readonly SetElement[]): void {
  if (elements.length > 0) request(transaction(...addElements(elements)));
}

/** Removes those of the elements that are there and lead where they say. */
export function dropElements(elements: readonly SetElement[]): void {
  const present = elements.filter(element => {
    const value = lookUp(element);
    return value !== undefined && (element.value === undefined || element.value.equals(value));
  });
  if (present.length > 0) requestIfPresent(transaction(...removeElements(present)));
}

/** Deletes the table if no network uses it any more; returns the comment of the deleted table. */
export function dropUnusedTable(): string | undefined {
  const dump = tablesMessage(
    NFT_MSG.getElements,
    NLM_F_DUMP,
    NFPROTO_INET,
    textAttribute(1, TABLE),
    textAttribute(2, SETS.bridges),
  );
  const bridges = requestIfPresent(dump);
  const used = bridges?.some(answer => (answerAttributes(answer).get(3)?.length ?? 0) > 0) ?? false;
  if (bridges === undefined || used) return undefined;
  const comment = readComment(findTable() ?? new Map());
  requestIfPresent(transaction(deleteTable()));
  return comment;
}
