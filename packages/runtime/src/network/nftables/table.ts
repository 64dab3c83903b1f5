import {
  attribute,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nested,
  u32,
  zeroTerminated,
} from '../netlink/message';
import type { Expression } from './expression';
import { change, NFT_MSG, numberAttribute, textAttribute, transaction } from './message';
import { type Chain, HOOK, tableChains } from './rules';
import { concatenation, type SetShape, setShapes, TYPE } from './sets';

/** The one table of tinyd, in the family `inet`. */
export const TABLE = 'tinyd';

/** A note for `nft list` (NFTNL_UDATA_SET_KEYBYTEORDER, four bytes): names are kept from their first letter on. */
const HOST_ORDER_KEYS = Buffer.concat([Buffer.from([0, 4]), u32(1)]);

const SET_INTERVAL = 0x4;
const SET_MAP = 0x8;

function newSet(shape: SetShape, id: number): Buffer {
  const { portMapOf } = shape;
  const flags = (shape.isInterval ? SET_INTERVAL : 0) | (portMapOf === undefined ? 0 : SET_MAP);
  const valueBytes = portMapOf === TYPE.address6 ? 20 : 8;
  const data =
    portMapOf === undefined
      ? []
      : [numberAttribute(6, concatenation(portMapOf, TYPE.port)), numberAttribute(7, valueBytes)];
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
  const chains = tableChains();
  return [
    ...setShapes().map((shape, index) => newSet(shape, index + 1)),
    ...chains.map(newChain),
    ...chains.flatMap(chain => chain.rules.map(rule => newRule(chain, rule()))),
  ];
}

/** Creates the table, and its first elements with it. Fails with EEXIST when there is one. */
export function createTable(comment: string | undefined, elements: readonly Buffer[]): Buffer {
  return transaction(newTable(NLM_F_EXCL, comment), ...contents(), ...elements);
}

/**
 * Writes the rules again in a table that was tampered with, or that an older tinyd made, in one step: what its sets and maps
 * know of other root folders stays. Fails when it has sets or chains of other shapes.
 */
export function repairTable(elements: readonly Buffer[]): Buffer {
  const allRules = change(NFT_MSG.delRule, 0, textAttribute(1, TABLE));
  return transaction(newTable(0, undefined), allRules, ...contents(), ...elements);
}

/** Puts the table in the place of one that cannot be repaired, in one step. Other elements than these are lost. */
export function replaceTable(comment: string | undefined, elements: readonly Buffer[]): Buffer {
  const old = [newTable(0, undefined), deleteTable()];
  return transaction(...old, newTable(0, comment), ...contents(), ...elements);
}
