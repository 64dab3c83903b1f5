import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Findings } from '../measure/samples';
import type { Verdict } from './goals';
import { plots } from './plots';
import { failureLines, goalTable, measurementTable } from './table';

const REPOSITORY = resolve(__dirname, '../../..');
const BEGIN = '<!-- bench: begin -->';
const END = '<!-- bench: end -->';

/** Everything that a report is made of. */
export interface Report {
  readonly command: string;
  readonly header: readonly string[];
  readonly findings: Findings;
  readonly verdicts: readonly Verdict[];
}

/** The report as Markdown. */
export function markdown({ command, header, findings, verdicts }: Report): string {
  const met = verdicts.filter(({ outcome }) => outcome === 'met').length;
  const missed = verdicts.filter(({ outcome }) => outcome === 'missed').length;
  return [
    `\`${command}\` printed:`,
    '',
    ...header.map(line => `- ${line}`),
    '',
    ...(verdicts.length === 0
      ? []
      : [
          `Goals: ${met} met, ${missed} missed, ${verdicts.length - met - missed} not measured.`,
          '',
          goalTable(verdicts),
          '',
        ]),
    measurementTable(findings),
    '',
    ...failureLines(findings),
    ...findings.notes.map(note => `- ${note}`),
    '',
  ].join('\n');
}

/** Writes the report to bench/results, and with `record` table and plots to docs/. Returns the folder. */
export function writeReport(report: Report, record: boolean): string {
  const folder = join(REPOSITORY, 'bench', 'results');
  const { command, header, findings, verdicts } = report;
  const { samples, failures, notes } = findings;
  const data = { command, header, verdicts, samples, failures, notes };
  const made = plots(findings);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'latest.md'), markdown(report));
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(data, null, 1)}\n`);
  for (const [name, svg] of made) writeFileSync(join(folder, `${name}.svg`), svg);
  if (record) recordIn(join(REPOSITORY, 'docs'), markdown(report), made);
  return folder;
}

/** Replaces what stands between the two marks of docs/performance.md, and the plots. */
function recordIn(docs: string, text: string, made: ReadonlyMap<string, string>): void {
  const file = join(docs, 'performance.md');
  const page = readFileSync(file, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${file} lacks the marks ${BEGIN} and ${END}`);
  const folder = join(docs, 'performance');
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of made) writeFileSync(join(folder, `${name}.svg`), svg);
  const images = [...made.keys()].map(name => `![${name}](performance/${name}.svg)`);
  writeFileSync(file, [before, BEGIN, '\n\n', text, '\n', images.join('\n'), '\n\n', END, after].join(''));
}
