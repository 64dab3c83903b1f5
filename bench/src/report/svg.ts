/** One bar: a value with the ends of its interval. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** What is written at its end. */
  readonly text: string;
  /** The one that the plot is about. */
  readonly own: boolean;
}

/** Bars with a common scale, below a heading. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LABELS = 190;
const VALUES = 90;
const BAR = 16;
const STEP = 22;
const HEADING = 34;

/** Colours that read on white and on dark; the page's scheme chooses. */
const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-weight:600;font-size:13px}.v{font-variant-numeric:tabular-nums}
.o{fill:#0a7d55}.p{fill:#9aa4af}.w{stroke:#24292f;stroke-width:1.2;fill:none}.b{fill:#ffffff}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.o{fill:#2ea37a}.p{fill:#5b6673}.w{stroke:#e6edf3}.b{fill:#0d1117}}`;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function barOf({ label, value, low, high, text, own }: Bar, top: number, scale: number): string {
  const middle = top + BAR / 2;
  const [left, right] = [LABELS + low * scale, LABELS + high * scale];
  const whisker = `M${round(left)} ${middle}H${round(right)}M${round(left)} ${middle - 4}v8M${round(right)} ${middle - 4}v8`;
  const end = Math.max(LABELS + value * scale, right);
  return [
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${own ? 'o' : 'p'}" x="${LABELS}" y="${top}" width="${round(Math.max(1, value * scale))}" height="${BAR}" rx="2"/>`,
    ...(high > low ? [`<path class="w" d="${whisker}"/>`] : []),
    `<text class="v" x="${round(end + 8)}" y="${middle + 4}">${escaped(text)}</text>`,
  ].join('\n');
}

/** A plot of horizontal bars that start at zero; each group has a scale of its own. */
export function barPlot(groups: readonly BarGroup[]): string {
  const parts: string[] = [];
  let top = 8;
  for (const { title, bars } of groups) {
    const largest = Math.max(...bars.map(({ value, high }) => Math.max(value, high)));
    const scale = largest > 0 ? (WIDTH - LABELS - VALUES) / largest : 0;
    parts.push(`<text class="t" x="${LABELS}" y="${top + 18}">${escaped(title)}</text>`);
    top += HEADING - 6;
    for (const bar of bars) {
      parts.push(barOf(bar, top, scale));
      top += STEP;
    }
    top += 10;
  }
  return frame(groups.map(({ title }) => title).join('; '), top, parts);
}

/** @param title for who does not see it. */
function frame(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="b" width="${WIDTH}" height="${height}"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const LEFT = 70;
const TOP = 40;
const PLOT_HEIGHT = 180;

/** A plot of values in the order in which they came, one dot each, from zero up. */
export function dotPlot(
  title: string,
  across: string,
  values: readonly number[],
  show: (value: number) => string,
): string {
  const top = Math.max(...values);
  const x = (index: number) => LEFT + ((index + 0.5) / values.length) * (WIDTH - LEFT - 30);
  const y = (value: number) => TOP + PLOT_HEIGHT * (1 - (top > 0 ? value / top : 0));
  const bottom = TOP + PLOT_HEIGHT;
  const line = (value: number) => [
    `<path class="w" opacity="0.25" d="M${LEFT} ${round(y(value))}H${WIDTH - 20}"/>`,
    `<text x="${LEFT - 8}" y="${round(y(value) + 4)}" text-anchor="end">${escaped(show(value))}</text>`,
  ];
  return frame(title, bottom + 34, [
    `<text class="t" x="${LEFT}" y="24">${escaped(title)}</text>`,
    ...[0, top / 2, top].flatMap(line),
    ...values.map(
      (value, index) => `<circle class="o" cx="${round(x(index))}" cy="${round(y(value))}" r="2.5"/>`,
    ),
    `<text x="${LEFT}" y="${bottom + 22}">1</text>`,
    `<text x="${WIDTH / 2}" y="${bottom + 22}" text-anchor="middle">${escaped(across)}</text>`,
    `<text x="${WIDTH - 20}" y="${bottom + 22}" text-anchor="end">${values.length}</text>`,
  ]);
}
