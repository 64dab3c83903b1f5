import type { ImageRow } from '@tinyd/store';
import type { Listing, Row } from './list';
import { shortDigest } from './short-id';
import { humanSize, localTime, timeAgo } from './units';

/** Which columns `tinyd images` shows. */
export interface ImageTable {
  readonly noTrunc: boolean;
  readonly digests: boolean;
  readonly now: number;
}

const HEADINGS = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
  Platform: 'PLATFORM',
};

const NONE = '<none>';

/** Images in docker's columns and template fields. */
export function imageListing(images: readonly ImageRow[], table: ImageTable): Listing {
  const columns = ['Repository', 'Tag', ...(table.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'];
  const rows = images.map(image => imageRow(image, table));
  return {
    rows,
    headings: HEADINGS,
    table: columns,
    shrinkable: ['Repository', 'Tag', 'Digest'],
    quiet: 'ID',
  };
}

function imageRow(image: ImageRow, { noTrunc, now }: ImageTable): Row {
  const size = image.problem === undefined ? humanSize(image.sizeBytes) : 'damaged';
  return {
    Repository: image.repository ?? NONE,
    Tag: image.tag ?? NONE,
    Digest: image.digest ?? NONE,
    ID: noTrunc ? image.id : shortDigest(image.id),
    CreatedSince: timeAgo(image.created, now),
    CreatedAt: image.created === undefined ? 'N/A' : localTime(image.created),
    Size: size,
    VirtualSize: size,
    Containers: 'N/A',
    SharedSize: 'N/A',
    UniqueSize: 'N/A',
    // A method, so that JSON rows keep docker's fields.
    Platform: () => image.platform,
  };
}
