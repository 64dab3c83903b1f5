import { parseReference, TinydError } from '@tinyd/core';
import type { Container } from '@tinyd/runtime';
import type { LoadedImage, Store } from '@tinyd/store';
import { applyChanges } from '../flags/image-changes';
import { cancelOnSignal } from './cancel';

/** What `commit` was asked for. */
export interface CommitRequest {
  readonly name: string | undefined;
  readonly author: string | undefined;
  readonly message: string | undefined;
  readonly changes: readonly string[];
  readonly pause: boolean;
  readonly reproducible: boolean;
}

/** Makes an image of a container. The container's own image cannot be removed meanwhile. */
export function commitContainer(
  store: Store,
  container: Container,
  request: CommitRequest,
): Promise<LoadedImage> {
  const { name, author, message, pause } = request;
  const config = applyChanges(container.processConfig(), request.changes);
  const reference = name === undefined ? undefined : parseReference(name);
  const epoch = request.reproducible ? sourceDateEpoch(process.env.SOURCE_DATE_EPOCH) : undefined;
  const { imageId, command } = container.summary();
  return cancelOnSignal(
    'commit',
    signal =>
      store.commit(imageId, {
        config,
        createdBy: command.join(' '),
        created: new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString(),
        withChanges: read => container.withOwnLayer({ pause }, read),
        signal,
        ...(reference && { reference }),
        ...(author !== undefined && { author }),
        ...(message !== undefined && { comment: message }),
        ...(epoch !== undefined && { latestNs: BigInt(epoch) * 1_000_000_000n }),
      }),
    'nothing of it is kept: start again',
  );
}

/** Seconds since 1970, as builds agree on them (reproducible-builds.org). */
function sourceDateEpoch(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use SOURCE_DATE_EPOCH ${JSON.stringify(text)}: want seconds since 1970`,
  );
}
