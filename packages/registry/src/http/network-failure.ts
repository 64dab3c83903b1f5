import { isTinydError, TinydError } from '@tinyd/core';
import { redactUrl } from './redact';
import { TransientFailure } from './transient';

interface Known {
  readonly reason: string;
  readonly hint?: string;
  /** Absent: will fail the same way again. */
  readonly transient?: 'yes' | 'after contact';
}

const NETWORK: Readonly<Record<string, Known>> = {
  ENOTFOUND: { reason: 'no such host', hint: 'check the registry in the name, and DNS' },
  EAI_AGAIN: { reason: 'the name server does not answer', hint: 'check DNS', transient: 'after contact' },
  ECONNREFUSED: {
    reason: 'connection refused',
    hint: 'is the registry running?',
    transient: 'after contact',
  },
  EHOSTUNREACH: { reason: 'no route to host', transient: 'after contact' },
  ENETUNREACH: { reason: 'network is unreachable', transient: 'after contact' },
  UND_ERR_CONNECT_TIMEOUT: {
    reason: 'no connection in time',
    hint: 'check the network or proxy',
    transient: 'after contact',
  },
  ECONNRESET: { reason: 'connection reset', transient: 'yes' },
  EPIPE: { reason: 'connection broken', transient: 'yes' },
  ETIMEDOUT: { reason: 'connection timed out', transient: 'yes' },
  UND_ERR_SOCKET: { reason: 'connection closed', transient: 'yes' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { reason: 'response cut short', transient: 'yes' },
  UND_ERR_HEADERS_TIMEOUT: { reason: 'no answer in time', transient: 'yes' },
  UND_ERR_BODY_TIMEOUT: { reason: 'transfer stalled', transient: 'yes' },
};

const TLS_HINT =
  'trust its authority with "ca" in registries.json, TINYD_EXTRA_CA or /etc/docker/certs.d/<host>/ca.crt';
const TLS: Readonly<Record<string, Known>> = {
  SELF_SIGNED_CERT_IN_CHAIN: { reason: 'certificate of an unknown authority', hint: TLS_HINT },
  DEPTH_ZERO_SELF_SIGNED_CERT: { reason: 'self-signed certificate', hint: TLS_HINT },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { reason: 'certificate of an unknown authority', hint: TLS_HINT },
  UNABLE_TO_GET_ISSUER_CERT: { reason: 'certificate of an unknown authority', hint: TLS_HINT },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { reason: 'certificate of an unknown authority', hint: TLS_HINT },
  CERT_HAS_EXPIRED: { reason: 'certificate has expired', hint: 'check the clock of this machine too' },
  CERT_NOT_YET_VALID: { reason: 'certificate is not valid yet', hint: 'check the clock of this machine' },
  ERR_TLS_CERT_ALTNAME_INVALID: { reason: 'certificate is for another host' },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    reason: 'it does not speak TLS',
    hint: 'if it speaks plain HTTP on purpose, say "plainHttp": true in registries.json',
  },
};

/**
 * Says what a failed exchange means: returns a {@link TransientFailure} or a TinydError. What is neither the network's fault
 * nor the signal's comes back as it is.
 */
export function networkFailure(error: unknown, url: URL, signal: AbortSignal | undefined): unknown {
  if (isTinydError(error) || error instanceof TransientFailure) return error;
  if (signal?.aborted) return cancelled(url, signal.reason);
  const code = codeOf(error);
  const shown = redactUrl(url);
  const options = (hint?: string) => ({
    cause: error,
    details: { url: shown, cause: code },
    ...(hint && { hint }),
  });

  const network = NETWORK[code];
  if (network !== undefined) {
    const failure = new TinydError(
      'ERR_TINYD_REGISTRY_UNREACHABLE',
      `cannot reach ${url.host}: ${network.reason}`,
      options(network.hint ?? 'check the network, or try again later'),
    );
    if (network.transient === undefined) return failure;
    return new TransientFailure(failure, { beforeContact: network.transient === 'after contact' });
  }
  if (isTlsCode(code)) {
    const { reason, hint } = TLS[code] ?? { reason: `TLS failed with ${code}`, hint: undefined };
    return new TinydError('ERR_TINYD_REGISTRY_TLS', `cannot trust ${url.host}: ${reason}`, options(hint));
  }
  if (isParserError(error) || code.startsWith('UND_ERR_HEADERS')) {
    return new TinydError(
      'ERR_TINYD_REGISTRY_PROTOCOL',
      `cannot fetch ${shown}: the answer is not HTTP`,
      options(),
    );
  }
  const refusal = /^Proxy response \((\d+)\)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (refusal !== undefined) {
    const hint = 'check HTTPS_PROXY and the password in it';
    const message = `cannot reach ${url.host}: the proxy answered ${refusal}`;
    return new TinydError('ERR_TINYD_REGISTRY_UNREACHABLE', message, options(hint));
  }
  if (!isSystemError(error)) return error;
  return new TinydError(
    'ERR_TINYD_REGISTRY_UNREACHABLE',
    `cannot reach ${url.host}: ${error.message}`,
    options(),
  );
}

/** What a call reports whose signal was aborted. */
export function cancelled(url: URL, reason: unknown): TinydError {
  return new TinydError('ERR_TINYD_CANCELLED', `stopped fetching ${redactUrl(url)}: cancelled`, {
    cause: reason,
  });
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** True for what the kernel or undici report; anything else is no matter of the network. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && ('syscall' in error || codeOf(error).startsWith('UND_ERR_'));
}

/** undici's parser errors have a code only for some of the things that can be wrong. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError';
}

function isTlsCode(code: string): boolean {
  return code in TLS || /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/.test(code);
}
