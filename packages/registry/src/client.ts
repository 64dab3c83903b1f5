import {
  type BlobCall,
  type Descriptor,
  type Digest,
  type FetchedDocument,
  type ImageSource,
  isTinydError,
  type PullQuota,
  type Reference,
  type SourceCall,
  TinydError,
} from '@tinyd/core';
import { endpointsOf } from './config/endpoints';
import { type RegistriesConfig, readRegistriesConfig } from './config/registries';
import type { HttpResponse } from './http/message';
import { RetryBudget, retrying } from './http/retry';
import { reported } from './http/transient';
import { Transport } from './http/transport';
import { type CompleteOptions, type RegistryClientOptions, withDefaults } from './options';
import { type BlobTransfer, streamBlob } from './pull/blob';
import { embeddedContent } from './pull/embedded';
import { Failover } from './pull/failover';
import { foreignServers } from './pull/foreign';
import { getManifest, headManifest } from './pull/manifest';
import { Session } from './pull/session';
import { listTags } from './pull/tags';
import { pullQuota } from './quota';

/** What is known of one registry: its endpoints, mirrors first, and what they told. */
interface Registry {
  readonly sessions: readonly Session[];
  quota?: PullQuota;
  servedBy?: string;
}

/**
 * Pulls from any registry: resolves the endpoints of a name, authenticates, retries and resumes, and verifies documents.
 *
 * Connections stay open between calls; {@link close} ends them.
 */
export class RegistryClient implements ImageSource {
  readonly #options: CompleteOptions;
  readonly #transport: Transport;
  readonly #registries = new Map<string, Promise<Registry>>();
  readonly #known = new Map<string, Registry>();
  readonly #failover: Failover;
  /** Documents that arrived where only their descriptor had been asked for. */
  readonly #documents = new Map<Digest, FetchedDocument>();
  readonly #warnings: string[] = [];
  #config: Promise<RegistriesConfig> | undefined;

  constructor(options: RegistryClientOptions = {}) {
    this.#options = withDefaults(options, text => this.#warnings.push(text));
    this.#transport = new Transport(this.#options);
    this.#failover = new Failover(this.#options.retry);
  }

  async resolve(reference: Reference, call: SourceCall = {}): Promise<Descriptor | undefined> {
    return this.#fromAny(reference, reference.digest === undefined, call, async session => {
      try {
        const { value, response } = await headManifest(session, reference, call);
        await this.#noteQuota(reference, session, response);
        return value;
      } catch (error) {
        if (!saysLittle(error)) throw error;
      }
      // An answer to HEAD has no body: GET tells why, or works where a server knows no HEAD.
      const { value, response } = await getManifest(session, reference, undefined, call);
      await this.#noteQuota(reference, session, response);
      this.#documents.set(value.descriptor.digest, value);
      return value.descriptor;
    });
  }

  async fetchManifest(
    reference: Reference,
    descriptor: Descriptor | undefined,
    call: SourceCall = {},
  ): Promise<FetchedDocument> {
    const embedded = descriptor && embeddedContent(descriptor);
    if (descriptor && embedded) return { descriptor, bytes: embedded };
    const digest = descriptor?.digest ?? reference.digest;
    const waiting = digest && this.#documents.get(digest);
    if (digest && waiting) {
      this.#documents.delete(digest);
      return waiting;
    }
    return this.#fromAny(reference, digest === undefined, call, async session => {
      const { value, response } = await getManifest(session, reference, descriptor, call);
      await this.#noteQuota(reference, session, response);
      return value;
    });
  }

  async *fetchBlob(
    reference: Reference,
    descriptor: Descriptor,
    call: BlobCall = {},
  ): AsyncGenerator<Uint8Array> {
    const transfer: BlobTransfer = { reference, descriptor, call, have: call.offset ?? 0 };
    if (transfer.have > descriptor.size) {
      const message = `cannot resume blob ${descriptor.digest}: ${transfer.have} bytes are more than its ${descriptor.size}`;
      throw new TinydError('ERR_TINYD_CONTENT_SIZE', message, { details: { digest: descriptor.digest } });
    }
    const embedded = embeddedContent(descriptor);
    if (embedded) {
      if (transfer.have < embedded.length) yield embedded.subarray(transfer.have);
      return;
    }
    const registry = await this.#registry(reference.domain);
    const foreign = this.#options.foreignUrls
      ? foreignServers(descriptor, this.#transport, this.#options.userAgent)
      : [];
    const attempts = this.#failover.begin(call);
    for (const server of attempts.inTurn([...foreign, ...this.#failover.usable(registry.sessions)])) {
      const budget = new RetryBudget(attempts.policyFor(server), call);
      try {
        for await (const chunk of streamBlob(server, transfer, budget)) {
          this.#failover.served(server, descriptor.digest);
          registry.servedBy = server.origin;
          yield chunk;
        }
        attempts.succeeded(server);
        return;
      } catch (error) {
        attempts.failed(server, reported(error));
      }
    }
    attempts.exhausted();
  }

  /**
   * Tells that the bytes which {@link fetchBlob} yielded for a descriptor had another digest: the mirrors that served
   * them are not used again.
   *
   * @returns false when the registry itself served them all, so that fetching again brings the same.
   */
  distrust(_reference: Reference, descriptor: Descriptor): boolean {
    return this.#failover.distrust(descriptor.digest);
  }

  quota(reference: Reference): PullQuota | undefined {
    return this.#known.get(reference.domain)?.quota;
  }

  servedBy(reference: Reference): string | undefined {
    return this.#known.get(reference.domain)?.servedBy;
  }

  /** All tags of a reference's repository, in the registry's order. */
  async listTags(reference: Reference, call: SourceCall = {}): Promise<string[]> {
    return this.#fromAny(reference, true, call, session => listTags(session, reference, call));
  }

  /** Ends all connections, those in use too. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Asks the endpoints in turn; the registry itself comes last, and its failure is the one reported. */
  async #fromAny<T>(
    reference: Reference,
    needsTag: boolean,
    call: SourceCall,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const registry = await this.#registry(reference.domain);
    const sessions = this.#failover.usable(registry.sessions);
    const able = sessions.filter(({ endpoint }) => !needsTag || !endpoint.digestOnly);
    const attempts = this.#failover.begin(call);
    for (const session of attempts.inTurn(able)) {
      const url = session.urlOf({ repository: reference.path, path: 'manifests' });
      try {
        const value = await retrying(attempts.policyFor(session), call, url, () => work(session));
        attempts.succeeded(session);
        registry.servedBy = session.origin;
        return value;
      } catch (error) {
        attempts.failed(session, reported(error));
      } finally {
        for (const text of this.#warnings.splice(0)) call.onNotice?.({ type: 'warning', text });
      }
    }
    return attempts.exhausted();
  }

  #registry(domain: string): Promise<Registry> {
    let registry = this.#registries.get(domain);
    if (registry === undefined) {
      registry = this.#connect(domain);
      this.#registries.set(domain, registry);
    }
    return registry;
  }

  async #connect(domain: string): Promise<Registry> {
    const { configPath, mirrors, env, credentials, userAgent } = this.#options;
    this.#config ??= readRegistriesConfig(configPath, mirrors, env);
    const endpoints = endpointsOf(domain, await this.#config);
    const transport = this.#transport;
    const registry: Registry = {
      sessions: endpoints.map(endpoint => new Session({ endpoint, transport, credentials, userAgent })),
    };
    this.#known.set(domain, registry);
    return registry;
  }

  async #noteQuota(reference: Reference, session: Session, response: HttpResponse): Promise<void> {
    const quota = pullQuota(response, await session.isAnonymous());
    const registry = this.#known.get(reference.domain);
    if (quota && registry && !session.endpoint.isMirror) registry.quota = quota;
  }
}

/** True for a refusal that a GET would explain, or not meet. */
function saysLittle(error: unknown): boolean {
  const failure = reported(error);
  if (!isTinydError(failure)) return false;
  const { status } = failure.details;
  return typeof status === 'number' && status >= 400 && status < 500 && status !== 408;
}
