import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Access, type AccessRules } from './access';
import { answer, type ReceivedRequest, targetOf } from './answer';
import { Repositories, type ServedImage } from './content';
import { type Answer, type Fault, faulty } from './fault';
import { sendBody } from './send-body';

/** Decides how the answer to a request goes wrong; undefined for a right one. */
export type FaultScript = (request: ReceivedRequest) => Fault | undefined;

/** What {@link serveRegistry} serves, and how. */
export interface RegistryServerOptions {
  readonly images?: readonly ServedImage[];
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** Default: everybody reads. */
  readonly access?: AccessRules;
  /** PEM. With it the server speaks HTTPS; with `clientCa` only to clients that have a certificate of that authority. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa?: string };
  readonly fault?: FaultScript;
}

/** A running registry. */
export interface RegistryServer {
  /** `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The domain of its images' names: `127.0.0.1:40123`. */
  readonly host: string;
  /** Every request so far, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were made so far. */
  readonly connections: number;
  /** Adds an image, or moves a tag. */
  add(image: ServedImage): void;
  /** Replaces the script; undefined for none. */
  setFault(fault: FaultScript | undefined): void;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

const MAX_REQUEST_BODY = 64 * 1024;

/**
 * Serves images over the distribution API for reading, on real sockets: what `tinyd pull` can be shown and tested with
 * where no network is. Not made for strangers: no limits, no log, no push.
 */
export async function serveRegistry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const repositories = new Repositories();
  for (const image of options.images ?? []) repositories.add(image);
  const requests: ReceivedRequest[] = [];
  const origin = () => `${options.tls ? 'https' : 'http'}://${host()}`;
  const access = options.access && new Access(options.access, origin);
  let { fault } = options;

  const listener: RequestListener = async (message, response) => {
    const request = await receive(message);
    requests.push(request);
    const bent = fault?.(request) ?? {};
    await send(response, message, faulty(await rightAnswer(request, repositories, access, bent), bent), bent);
  };
  const guarded: RequestListener = (message, response) => {
    Promise.resolve(listener(message, response)).catch(() => message.socket.destroy());
  };
  const server = await createServer(guarded, options.tls);
  const sockets = track(server);
  await listen(server, options);
  const host = () => formatAddress(server.address() as AddressInfo);

  return {
    url: origin(),
    host: host(),
    requests,
    get connections() {
      return sockets.total;
    },
    add: image => repositories.add(image),
    setFault: script => {
      fault = script;
    },
    close: () => closeServer(server, sockets),
  };
}

async function rightAnswer(
  request: ReceivedRequest,
  repositories: Repositories,
  access: Access | undefined,
  fault: Fault,
): Promise<Answer> {
  if (access && request.target?.type === 'token') return access.token(request);
  return access?.refusal(request) ?? answer(request, repositories, fault.ignoreRange === true);
}

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  let body = '';
  for await (const chunk of message.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_REQUEST_BODY) throw new Error('request too long');
  }
  const path = message.url ?? '/';
  return { method: message.method ?? 'GET', path, headers: message.headers, body, target: targetOf(path) };
}

async function send(
  response: ServerResponse,
  message: IncomingMessage,
  given: Answer,
  fault: Fault,
): Promise<void> {
  if (fault.delayMs !== undefined) await new Promise(resolve => setTimeout(resolve, fault.delayMs));
  if (fault.drop) {
    message.socket.destroy();
    return;
  }
  response.writeHead(given.status, given.headers as Record<string, string | string[]>);
  if (message.method === 'HEAD') {
    response.end();
    return;
  }
  await sendBody(response, given.body, fault);
}

/** Loaded late: whoever only pulls needs no server. */
async function createServer(listener: RequestListener, tls: RegistryServerOptions['tls']): Promise<Server> {
  if (tls !== undefined) {
    const { key, cert, clientCa } = tls;
    const authority =
      clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
    return (await import('node:https')).createServer({ key, cert, ...authority }, listener);
  }
  return (await import('node:http')).createServer(listener);
}

function listen(server: Server, { host = '127.0.0.1', port = 0 }: RegistryServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

interface Sockets {
  readonly open: Set<Socket>;
  total: number;
}

function track(server: Server): Sockets {
  const sockets: Sockets = { open: new Set(), total: 0 };
  server.on('connection', (socket: Socket) => {
    sockets.total++;
    sockets.open.add(socket);
    socket.once('close', () => sockets.open.delete(socket));
  });
  return sockets;
}

function closeServer(server: Server, sockets: Sockets): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    for (const socket of sockets.open) socket.destroy();
  });
}

function formatAddress({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
