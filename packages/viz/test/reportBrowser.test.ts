import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunReport } from '../src/index.ts';
import { folder, pageIn, trainConvnet, trainSpiral } from './reportRuns.ts';

const run = promisify(execFile);

/** A Chromium, where the machine has one. */
const browser = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

/** What a browser makes of a page: the elements in the end, and what it complained of on its console. */
async function opened(file: string): Promise<{ dom: string; complaints: string[] }> {
  const profile = await mkdtemp(join(tmpdir(), 'ndgrad-browser-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--window-size=1200,900'];
  try {
    const { stdout, stderr } = await run(
      browser!,
      [...flags, `--user-data-dir=${profile}`, '--dump-dom', `file://${file}`],
      {
        maxBuffer: 1e8,
        timeout: 50_000,
      },
    );
    return { dom: stdout, complaints: stderr.split('\n').filter((line) => line.includes(':CONSOLE')) };
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Put into a copy of the page: measures its pictures, and leaves the numbers as text. */
const measuring = `<script>
  const shown = (svg) => svg.closest('.choice') === null || svg.closest('.choice').matches(':nth-of-type(1)');
  const charts = [...document.querySelectorAll('main svg')].filter(shown).map((svg) => {
    const { width, height } = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll('path, rect, circle, line, polygon, ellipse')].filter((mark) => {
      const { width, height } = mark.getBoundingClientRect();
      const { fill, stroke } = getComputedStyle(mark);
      return width + height > 1 && (fill !== 'none' || stroke !== 'none');
    });
    const texts = [...svg.querySelectorAll('text')].filter((text) => text.getBoundingClientRect().width > 0);
    return { label: svg.getAttribute('aria-label'), width, height, marks: marks.length, texts: texts.length };
  });
  const images = [...document.images].map(({ complete, naturalWidth }) => complete && naturalWidth > 0);
  const { scrollWidth, clientWidth } = document.documentElement;
  const result = document.createElement('pre');
  result.id = 'measured';
  result.textContent = JSON.stringify({ charts, images, overflow: scrollWidth - clientWidth });
  document.body.append(result);
</script>`;

interface Measured {
  charts: { label: string; width: number; height: number; marks: number; texts: number }[];
  images: boolean[];
  overflow: number;
}

const files = await folder();
const page = join(files, 'page.html');
let html = '';

beforeAll(async () => {
  const report = new RunReport({ title: 'in a browser' });
  await trainConvnet([report]);
  await trainSpiral([report]);
  report.lines('Race', { series: { sgd: [4, 2, 1] }, x: 'step', y: 'loss' });
  report.histograms('Values', { groups: { one: [0, 1, 2, 2] }, x: 'value' });
  await report.write(page);
  html = await readFile(page, 'utf8');
}, 60_000);

it('every chart is in the page with its axes and marks, whether there is a browser or not', () => {
  const svgs = [...pageIn(html).document.querySelectorAll('main svg')];
  const [overview, convnet, spiral, own] = [1, 7 + 13 + 1, 6 + 1 + 7 + 1, 2]; // curves, (regions,) histograms, graph
  expect(svgs).toHaveLength(overview + convnet + spiral + own);
  for (const svg of svgs) expect([...svg.querySelectorAll('path, rect, circle')].length).toBeGreaterThan(0);
});

if (browser !== undefined) {
  describe('in Chromium', () => {
    it('the page opens without a complaint on the console', async () => {
      const { dom, complaints } = await opened(page);
      expect(complaints).toEqual([]);
      expect(dom).toContain('<h1>in a browser</h1>');
    });

    it('every chart and picture is drawn, and nothing is wider than the window', async () => {
      const copy = join(files, 'measured.html');
      const open = html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
      await writeFile(copy, open.replace('</body>', `${measuring}</body>`));
      const { dom } = await opened(copy);
      const measured = JSON.parse(pageIn(dom).document.querySelector('#measured')!.textContent) as Measured;
      const svgs = [...pageIn(html).document.querySelectorAll('main svg')];
      const hidden = [...pageIn(html).document.querySelectorAll('.choice:nth-of-type(2) svg')];
      expect(measured.charts).toHaveLength(svgs.length - hidden.length);
      for (const { label, ...chart } of measured.charts) {
        expect(chart.width, label).toBeGreaterThan(150);
        expect(chart.height, label).toBeGreaterThan(60);
        expect(chart.marks, label).toBeGreaterThan(2);
        expect(chart.texts, label).toBeGreaterThan(2);
      }
      expect(measured.images.length).toBeGreaterThan(24);
      expect(measured.images).not.toContain(false);
      expect(measured.overflow).toBe(0);
    });
  });
}
