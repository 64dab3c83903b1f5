import {
  familiarRepository,
  formatReference,
  type PullQuota,
  parseReference,
  type Reference,
} from '@tinyd/core';
import { openRuntime } from '@tinyd/runtime';
import { openStore, type PullResult } from '@tinyd/store';
import type { Globals } from '../globals';
import { writeErr } from '../output';
import { openProgress, type ProgressMode } from '../progress/pull-progress';
import { cancelOnSignal } from './cancel';
import { choosePlatform } from './platform';

/** What to pull, and how to show it. */
export interface PullRequest {
  readonly name: string;
  readonly platform?: string | undefined;
  readonly progress: ProgressMode;
}

/**
 * Pulls an image, showing on stderr what docker shows: the layers, then digest and status, then what is left of a quota.
 *
 * A signal cancels: what has arrived is kept for the next pull. Fails with the codes of {@link openStore} and pull.
 */
export async function pullImage(globals: Globals, request: PullRequest): Promise<PullResult> {
  const reference = parseReference(request.name);
  const choice = choosePlatform(request.platform);
  const store = openStore({ root: globals.root });
  const { openRegistry } = require('../chunks/pull') as typeof import('../chunks/pull');
  const registry = openRegistry(globals.registryMirrors);
  const progress = openProgress(request.progress);
  try {
    for (const line of headLines(reference)) progress.line(line);
    const result = await cancelOnSignal(`pull ${request.name}`, signal =>
      store.pull(registry, reference, { ...choice, signal, onEvent: event => progress.event(event) }),
    );
    progress.close();
    if (request.progress === 'tty' || request.progress === 'plain') writeErr(tailLines(reference, result));
    if (request.progress === 'json') writeErr(`${JSON.stringify({ type: 'pulled', ...result })}\n`);
    openRuntime(globals).recordImage('pull', statusName(reference));
    for (const warning of result.warnings) writeErr(`tinyd pull: warning: ${warning}\n`);
    return result;
  } finally {
    progress.close();
    await registry.close();
  }
}

function headLines(reference: Reference): string[] {
  const from = `Pulling from ${reference.domain === 'docker.io' ? reference.path : `${reference.domain}/${reference.path}`}`;
  if (reference.digest !== undefined) return [`${formatReference(reference)}: ${from}`];
  const implied = reference.tagIsImplied ? [`Using default tag: ${reference.tag}`] : [];
  return [...implied, `${reference.tag}: ${from}`];
}

function tailLines(reference: Reference, result: PullResult): string {
  const name = statusName(reference);
  const status =
    result.status === 'up-to-date' ? `Image is up to date for ${name}` : `Downloaded newer image for ${name}`;
  const quota = result.quota === undefined ? '' : `${quotaLine(reference.domain, result.quota)}\n`;
  return `Digest: ${result.digest}\nStatus: ${status}\n${quota}`;
}

function statusName(reference: Reference): string {
  const { tag, digest } = reference;
  return `${familiarRepository(reference)}${digest === undefined ? `:${tag}` : `@${digest}`}`;
}

/** `docker.io: 76/100 pulls left (anonymous, 203.0.113.4, window 6 h)`. */
export function quotaLine(domain: string, quota: PullQuota): string {
  const facts = [
    quota.anonymous ? 'anonymous' : 'logged in',
    ...(quota.source === undefined ? [] : [quota.source]),
    `window ${windowText(quota.windowSeconds)}`,
  ];
  return `${domain}: ${quota.remaining}/${quota.limit} pulls left (${facts.join(', ')})`;
}

function windowText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
