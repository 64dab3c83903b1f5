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

/** Where every run writes its table, its numbers and its plots. */
export const RESULTS = join(REPOSITORY, 'bench', 'results');

/** Writes the report to {@link RESULTS}. */
export function writeReport(report: Report): void {
  const { command, header, findings, verdicts } = report;
  const { samples, failures, notes } = findings;
  const data = { command, header, verdicts, samples, failures, notes };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'latest.md'), markdown(report));
  writeFileSync(join(RESULTS, 'latest.json'), `${JSON.stringify(data, null, 1)}\n`);
  for (const [name, svg] of plots(findings)) writeFileSync(join(RESULTS, `${name}.svg`), svg);
}

/** Puts the report between the two marks of docs/performance.md, and the plots beside it. */
export function record(report: Report): void {
  const docs = join(REPOSITORY, 'docs');
  const file = join(docs, 'performance.md');
  const [before, rest] = readFileSync(file, 'utf8').split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${file} lacks the marks ${BEGIN} and ${END}`);
  const folder = join(docs, 'performance');
  mkdirSync(folder, { recursive: true });
  const made = plots(report.findings);
  for (const [name, svg] of made) writeFileSync(join(folder, `${name}.svg`), svg);
  const images = [...made.keys()].map(name => `![${name}](performance/${name}.svg)`);
  const text = [before, BEGIN, '\n\n', markdown(report), '\n', images.join('\n'), '\n\n', END, after].join(
    '',
  );
  writeFileSync(file, text);
}
