import type { Explanation } from '@tinyd/runtime';
import { shortDigest } from './short-id';

/** Text before every line of the log, so that it is told from tinyd's own. */
const LOG_MARK = { stdout: '  | ', stderr: '  ! ' } as const;

/** An explanation as it is read: the verdict in one line, what it rests on, what to do. */
export function renderExplanation(explanation: Explanation): string {
  const { name, id, verdict, findings, log, advice } = explanation;
  const facts = [{ topic: 'Image', text: imageText(explanation.image) }, ...findings];
  const width = Math.max(...facts.map(({ topic }) => topic.length));
  const sections = [
    `${name} (${id.slice(0, 12)}) ${verdict}.\n`,
    facts.map(({ topic, text }) => `  ${topic.padEnd(width)}  ${text}\n`).join(''),
    logLines(log),
    advice.map((text, index) => `${index === 0 ? 'What to do:\n' : ''}  - ${text}\n`).join(''),
  ];
  return sections.filter(section => section !== '').join('\n');
}

/** An image without a name is shown by its ID, shortened. */
function imageText(image: string): string {
  return image.startsWith('sha256:') ? shortDigest(image) : image;
}

function logLines(log: Explanation['log']): string {
  if (log.length === 0) return '';
  const lines = log.map(({ stream, text }) => `${LOG_MARK[stream]}${text.replace(/\r?\n$/, '')}\n`);
  return `Last lines of its log:\n${lines.join('')}`;
}
