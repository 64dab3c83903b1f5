import type { HistoryRow } from '@tinyd/store';
import type { Listing } from './list';
import { shortDigest } from './short-id';
import { ellipsis } from './table';
import { humanSize, rfc3339, timeAgo } from './units';

/** How `tinyd history` shows its rows. */
export interface HistoryTable {
  readonly noTrunc: boolean;
  readonly human: boolean;
  readonly now: number;
}

const HEADINGS = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
};

const WIDEST_COMMAND = 45;

/** Build steps in docker's columns and template fields. */
export function historyListing(steps: readonly HistoryRow[], { noTrunc, human, now }: HistoryTable): Listing {
  const rows = steps.map(step => {
    const id = step.id ?? '<missing>';
    const createdBy = step.createdBy.replaceAll('\t', ' ');
    const createdAt = step.created === undefined ? 'N/A' : rfc3339(step.created);
    return {
      ID: noTrunc || step.id === undefined ? id : shortDigest(id),
      CreatedSince: human ? timeAgo(step.created, now) : createdAt,
      CreatedAt: createdAt,
      CreatedBy: noTrunc ? createdBy : ellipsis(createdBy, WIDEST_COMMAND),
      Size: human ? humanSize(step.sizeBytes) : String(step.sizeBytes),
      Comment: step.comment,
    };
  });
  return {
    rows,
    headings: HEADINGS,
    table: ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment'],
    shrinkable: ['CreatedBy', 'Comment'],
    quiet: 'ID',
  };
}
