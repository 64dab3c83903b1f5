import { humanSize } from '../present/units';
import { type LayerProgress, type PullState, statusText } from './pull-state';

const WIDEST_BAR = 50;
const NARROWEST_BAR = 10;

/**
 * One line per layer, none wider than `columns - 1` (a full line would wrap), at most `rows - 1` of them.
 *
 * Where the layers are more than the rows, finished ones give way to one line that counts them.
 */
export function barLines(state: PullState, columns: number, rows: number): string[] {
  const room = Math.max(1, rows - 1);
  if (state.layers.length <= room) return state.layers.map(layer => layerLine(layer, columns));
  const active = state.layers.filter(layer => !isFinished(layer));
  const finished = state.layers.length - active.length;
  const shown = [...active.filter(isMoving), ...active.filter(layer => !isMoving(layer))].slice(0, room - 1);
  const hidden = active.length - shown.length;
  const summary = `${finished} of ${state.layers.length} layers complete${hidden > 0 ? `, ${hidden} more to come` : ''}`;
  return [clip(summary, columns), ...shown.map(layer => layerLine(layer, columns))];
}

function isFinished({ status }: LayerProgress): boolean {
  return status === 'done' || status === 'exists';
}

function isMoving({ status }: LayerProgress): boolean {
  return status === 'downloading' || status === 'unpacking' || status === 'retrying';
}

function layerLine(layer: LayerProgress, columns: number): string {
  const head = `${layer.name}: ${statusText(layer)}`;
  if (layer.status !== 'downloading' && layer.status !== 'unpacking') return clip(head, columns);
  const amount = `${humanSize(layer.bytes)}/${humanSize(layer.size)}`;
  const width = Math.min(WIDEST_BAR, columns - 1 - head.length - amount.length - ' [] '.length - 1);
  if (width < NARROWEST_BAR) return clip(`${head} ${amount}`, columns);
  return `${head} ${bar(layer, width)} ${amount}`;
}

function bar({ bytes, size }: LayerProgress, width: number): string {
  const part = size > 0 ? Math.min(1, bytes / size) : 0;
  const filled = Math.floor(part * width);
  if (filled >= width) return `[${'='.repeat(width)}]`;
  return `[${'='.repeat(filled)}>${' '.repeat(width - filled - 1)}]`;
}

function clip(text: string, columns: number): string {
  return text.slice(0, Math.max(1, columns - 1));
}
