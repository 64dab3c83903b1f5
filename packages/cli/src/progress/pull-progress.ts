import type { SourceNotice } from '@tinyd/core';
import type { PullEvent } from '@tinyd/store';
import { writeErr } from '../output';
import { stripControls } from '../present/strip-controls';
import { humanSize } from '../present/units';
import { barLines } from './bar-lines';
import { Painter, type TerminalSize } from './painter';
import { EMPTY_PULL, type LayerProgress, type PullState, reducePull, statusText } from './pull-state';

/** How a pull is shown. */
export type ProgressMode = 'tty' | 'plain' | 'json' | 'none';

/** Receives a pull's events and shows them on stderr. */
export interface PullProgress {
  /** A line of its own, above the layers. */
  line(text: string): void;
  event(event: PullEvent): void;
  /** Draws the last state and stops. Must be called however the pull ends. */
  close(): void;
}

/** A display for `mode`. */
export function openProgress(mode: ProgressMode): PullProgress {
  switch (mode) {
    case 'tty':
      return new TerminalProgress(writeErr, stderrSize);
    case 'plain':
      return new PlainProgress(writeErr);
    case 'json':
      return {
        line: () => {},
        event: event => writeErr(`${JSON.stringify(event)}\n`),
        close: () => {},
      };
    case 'none':
      return { line: () => {}, event: () => {}, close: () => {} };
  }
}

/** One sentence of what a registry or the network did. */
function noticeText(notice: SourceNotice): string {
  switch (notice.type) {
    case 'retry':
      return `retrying ${notice.url} in ${(notice.delayMs / 1000).toFixed(1)} s (attempt ${notice.attempt}): ${notice.reason}`;
    case 'mirror-failed':
      return `mirror ${notice.mirror} failed: ${notice.reason}`;
    case 'warning':
      return `warning: ${notice.text}`;
  }
}

function stderrSize(): TerminalSize {
  const [columns, rows] = process.stderr.getWindowSize?.() ?? [80, 24];
  return { columns: columns || 80, rows: rows || 24 };
}

const FRAME_MS = 100;

/** Bars that are redrawn in place, ten times a second at most. */
export class TerminalProgress implements PullProgress {
  private state = EMPTY_PULL;
  private readonly painter = new Painter();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly write: (text: string) => void,
    private readonly size: () => TerminalSize,
  ) {}

  line(text: string): void {
    this.write(this.painter.print(stripControls(text), this.size()));
  }

  event(event: PullEvent): void {
    if (event.type === 'notice') this.line(noticeText(event.notice));
    this.state = reducePull(this.state, event);
    this.timer ??= setTimeout(() => this.draw(), FRAME_MS);
  }

  close(): void {
    this.draw();
  }

  private draw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const size = this.size();
    const bytes = this.painter.paint(barLines(this.state, size.columns, size.rows), size);
    if (bytes !== '') this.write(bytes);
  }
}

const HEARTBEAT_MS = 10_000;

/** One line per change of state, and a sign of life every ten seconds. For pipes, files and CI logs. */
export class PlainProgress implements PullProgress {
  private state: PullState = EMPTY_PULL;
  private readonly said = new Map<string, string>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly write: (text: string) => void) {
    this.timer = setInterval(() => this.heartbeat(), HEARTBEAT_MS);
    this.timer.unref();
  }

  line(text: string): void {
    this.write(`${stripControls(text)}\n`);
  }

  event(event: PullEvent): void {
    if (event.type === 'notice') this.line(noticeText(event.notice));
    this.state = reducePull(this.state, event);
    for (const layer of this.state.layers) this.say(layer);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private say(layer: LayerProgress): void {
    // Every layer waits at first: that is no change.
    if (layer.status === 'waiting' && !layer.elsewhere) return;
    const text = statusText(layer);
    if (this.said.get(layer.name) === text) return;
    this.said.set(layer.name, text);
    this.write(`${layer.name}: ${text}\n`);
  }

  private heartbeat(): void {
    for (const layer of this.state.layers) {
      if (layer.status !== 'downloading' && layer.status !== 'unpacking') continue;
      this.write(`${layer.name}: ${statusText(layer)} ${humanSize(layer.bytes)}/${humanSize(layer.size)}\n`);
    }
  }
}
