import { createCipheriv, createHash } from 'node:crypto';
import {
  choosePlatform,
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  type ImageSource,
  parseImageConfig,
  parseManifestDocument,
  parseReference,
  type Reference,
  type SourceCall,
  type SourceNotice,
} from '@tinyd/core';
import {
  type FaultScript,
  type ReceivedRequest,
  RegistryClient,
  type RegistryClientOptions,
  type RegistryServer,
  type RegistryServerOptions,
  serveRegistry,
} from '@tinyd/registry';
import { buildImage } from '../../support/image-builder';

export type BuiltImage = Awaited<ReturnType<typeof buildImage>>;

const cleanups: (() => Promise<void>)[] = [];

/** To be called after each test: closes the servers and clients it made. */
export async function closeAll(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Adds something to close after the test. */
export function onClose(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

/** An image whose one layer has this many incompressible bytes. */
export async function sampleImage(layerBytes = 1000): Promise<BuiltImage> {
  return buildImage({
    layers: [{ entries: [{ name: 'noise', content: noise(layerBytes) }], compression: 'none' }],
  });
}

/** Bytes that look random and are the same in every run. */
export function noise(length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** A server with an image as `app:v1`. */
export async function server(
  image: BuiltImage,
  options: RegistryServerOptions = {},
): Promise<RegistryServer> {
  const images = [{ repository: 'app', tag: 'v1', content: image }];
  const running = await serveRegistry({ images, ...options });
  onClose(() => running.close());
  return running;
}

/** For tests of silent servers; too short for a busy machine where nothing is to stall. */
export const IMPATIENT = { stallTimeoutMs: 400 } as const;

/** What the client slept, in a test. */
export interface Sleeps {
  readonly delays: number[];
}

/** A client without the machine's configuration, that does not really sleep. */
export function client(options: RegistryClientOptions = {}): RegistryClient & Sleeps {
  const delays: number[] = [];
  const made = new RegistryClient({
    configPath: '/nonexistent/registries.json',
    certsDirs: [],
    stallTimeoutMs: 10_000,
    connectTimeoutMs: 2000,
    ...options,
    // The login of whoever runs the tests is none of their business.
    env: { DOCKER_CONFIG: '/nonexistent', ...options.env },
    retry: {
      random: () => 0.5,
      sleep: async ms => {
        delays.push(ms);
      },
      ...options.retry,
    },
  });
  onClose(() => made.close());
  return Object.assign(made, { delays });
}

/** The name of the sample image on a server. */
export function nameOn({ host }: RegistryServer, tag = 'v1'): Reference {
  return parseReference(`${host}/app:${tag}`);
}

/** A pulled image, in memory. */
export interface Pulled {
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly layers: readonly Buffer[];
}

const AMD64 = { os: 'linux', architecture: 'amd64' };

/** Pulls as the store does: resolve, manifest, config, layers; checks every digest. */
export async function pull(
  source: ImageSource,
  reference: Reference,
  call: SourceCall = {},
): Promise<Pulled> {
  let descriptor = await source.resolve(reference, call);
  for (;;) {
    const fetched = await source.fetchManifest(reference, descriptor, call);
    const parsed = parseManifestDocument(fetched.bytes, fetched.descriptor.mediaType);
    if (parsed.kind === 'index') {
      descriptor = choosePlatform(parsed.document.manifests, AMD64);
      continue;
    }
    const config = parseImageConfig(await readBlob(source, reference, parsed.document.config, call));
    const layers = await Promise.all(
      parsed.document.layers.map(layer => readBlob(source, reference, layer, call)),
    );
    return { manifest: parsed.document, config, layers };
  }
}

/** Reads a whole blob, or its rest, and checks the digest of what was read whole. */
export async function readBlob(
  source: ImageSource,
  reference: Reference,
  descriptor: Descriptor,
  call: SourceCall & { readonly offset?: number } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.fetchBlob(reference, descriptor, call)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (!call.offset && digest !== descriptor.digest)
    throw new Error(`blob ${descriptor.digest} came as ${digest}`);
  return bytes;
}

/** The descriptor of the sample image's only layer. */
export function layerOf(image: BuiltImage): Descriptor {
  const [document] = image.documents.values();
  const parsed = parseManifestDocument(document?.bytes ?? new Uint8Array());
  const layer = parsed.kind === 'manifest' ? parsed.document.layers[0] : undefined;
  if (layer === undefined) throw new Error('the image has no layer');
  return layer;
}

/** The requests that a server got, as `GET /v2/app/blobs/…`. */
export function log({ requests }: RegistryServer): string[] {
  return requests.map(
    ({ method, path }) => `${method} ${path.replace(/(sha256:[0-9a-f]{6})[0-9a-f]+/, '$1')}`,
  );
}

/** A script that bends the first `times` requests of some kind. */
export function first(times: number, type: string, fault: NonNullable<ReturnType<FaultScript>>): FaultScript {
  let left = times;
  return request => (isFor(request, type) && left-- > 0 ? fault : undefined);
}

/** True for a request of a manifest, a blob, a token… */
export function isFor(request: ReceivedRequest, type: string): boolean {
  return request.target?.type === type;
}

/** Collects the notices of a call. */
export function listening(): SourceCall & { readonly notices: SourceNotice[] } {
  const notices: SourceNotice[] = [];
  return { notices, onNotice: notice => notices.push(notice) };
}
