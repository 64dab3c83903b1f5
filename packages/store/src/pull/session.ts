import { setMaxListeners } from 'node:events';
import type {
  Descriptor,
  Digest,
  FetchedDocument,
  ImageSource,
  Reference,
  SourceCall,
  SourceNotice,
} from '@tinyd/core';
import type { StoreLayout } from '../layout';
import type { PullEvent, PullOptions } from './events';

/** What the steps of one pull share. */
export class PullSession {
  readonly layout: StoreLayout;
  readonly source: ImageSource;
  readonly reference: Reference;
  readonly options: PullOptions;
  readonly warnings: string[] = [];
  /** Bytes that came over the network so far. */
  bytesFetched = 0;
  readonly #stop = new AbortController();
  /** Fires when the user gives up or one part of the pull has failed. */
  readonly signal: AbortSignal;

  constructor(layout: StoreLayout, source: ImageSource, reference: Reference, options: PullOptions) {
    this.layout = layout;
    this.source = source;
    this.reference = reference;
    this.options = options;
    const signals = [this.#stop.signal, ...(options.signal ? [options.signal] : [])];
    this.signal = AbortSignal.any(signals);
    // Every layer listens while it waits; node warns of more than ten.
    setMaxListeners(0, this.signal);
  }

  /** One part has failed: the others need not go on. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  emit(event: PullEvent): void {
    this.options.onEvent?.(event);
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /** Options for a call of the source. */
  call(signal = this.signal): SourceCall {
    return { signal, onNotice: notice => this.#onNotice(notice) };
  }

  /** Fetches a manifest or index. */
  async fetchManifest(descriptor: Descriptor | undefined): Promise<FetchedDocument> {
    const document = await this.source.fetchManifest(this.reference, descriptor, this.call());
    this.bytesFetched += document.bytes.length;
    return document;
  }

  /** Origin and repository that content came from, for the record. */
  servedBy(): string {
    const { domain, path } = this.reference;
    return `${this.source.servedBy(this.reference) ?? domain}/${path}`;
  }

  #onNotice(notice: SourceNotice): void {
    if (notice.type === 'warning') this.warn(notice.text);
    this.emit({ type: 'notice', notice });
  }
}

/** A small verified blob on its way into the store. */
export interface PulledDocument {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}
