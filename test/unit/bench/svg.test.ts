import { strict as assert } from 'node:assert';
import { Findings } from '../../../bench/dist/measure/samples';
import { plots } from '../../../bench/dist/report/plots';
import { barPlot, dotPlot } from '../../../bench/dist/report/svg';

const bar = (label: string, value: number) => ({
  label,
  value,
  low: value * 0.9,
  high: value * 1.1,
  text: `${value} ms`,
  own: label === 'tinyd',
});

function widths(svg: string): number[] {
  return [...svg.matchAll(/<rect class="[op]"[^>]* width="([\d.]+)"/g)].map(match => Number(match[1]));
}

describe('bench: plots', () => {
  it('draws bars in proportion, each group by its own scale', () => {
    const svg = barPlot([
      { title: 'first', bars: [bar('tinyd', 10), bar('podman', 40)] },
      { title: 'second', bars: [bar('tinyd', 1000)] },
    ]);
    assert.match(svg, /<title>first; second<\/title>/);
    const [own = 0, peer = 0, alone = 0] = widths(svg);
    assert.ok(Math.abs(peer / own - 4) < 0.02);
    assert.equal(alone, peer);
  });

  it('keeps everything within its frame', () => {
    const svg = barPlot([{ title: 'a', bars: [bar('tinyd', 3), bar('docker', 900)] }]);
    const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
    for (const [, x = 0, y = 0] of [...svg.matchAll(/<text[^>]*x="([\d.]+)" y="([\d.]+)"/g)].map(each =>
      each.map(Number),
    )) {
      assert.ok(x > 0 && x < width && y > 0 && y < height, `${x},${y}`);
    }
  });

  it('draws a dot for each value, higher ones higher, from zero', () => {
    const svg = dotPlot('starts', 'containers', [0.01, 0.02, 0.04], value => `${value * 1000} ms`);
    const heights = [...svg.matchAll(/<circle[^>]* cy="([\d.]+)"/g)].map(match => Number(match[1]));
    const [low = 0, middle = 0, high = 0] = heights;
    assert.equal(heights.length, 3);
    assert.ok(Math.abs((low - high) / (low - middle) - 3) < 0.1, String(heights));
    assert.match(svg, />40 ms</);
  });

  it('writes names as text, whatever is in them', () => {
    const svg = barPlot([{ title: '<a> & "b"', bars: [bar('<script>', 1)] }]);
    assert.doesNotMatch(svg, /<script>|& /);
    assert.match(svg, /&#60;a&#62; &#38; &#34;b&#34;/);
  });

  it('shows tinyd first, then the fastest, and leaves out what has nobody to compare with', () => {
    const findings = new Findings();
    findings.add('exec', 'docker', { wall: 0.2 });
    findings.add('exec', 'podman', { wall: 0.1 });
    findings.add('exec', 'tinyd', { wall: 0.15 });
    findings.add('memory', 'tinyd', { pss: 1000 });
    const made = plots(findings);
    assert.deepEqual([...made.keys()], ['start']);
    const labels = [...(made.get('start') ?? '').matchAll(/text-anchor="end">([^<]+)/g)].map(
      match => match[1],
    );
    assert.deepEqual(labels, ['tinyd', 'podman', 'docker']);
  });
});
