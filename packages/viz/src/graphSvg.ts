import { ArgumentError } from '@ndgrad/core';
import { dotOf, palette } from './dot.ts';
import type { Drawing } from './graphTypes.ts';

/** The palette on a dark page. */
const dark: Readonly<Record<keyof typeof palette, string>> = {
  ink: '#e6edf3',
  line: '#9198a1',
  value: '#3fb950',
  gradient: '#ff7b72',
  operation: '#58a6ff',
  frame: '#9198a1',
};

/** A drawing as one `<svg>` element, which takes the colours of the page around it, light or dark. */
export async function svgOf(drawing: Drawing): Promise<string> {
  const { instance } = await import('@viz-js/viz'); // 1.4 MB of WebAssembly, for those who draw
  const viz = await instance();
  let rendered: string;
  try {
    rendered = viz.renderString(dotOf(drawing), { format: 'svg' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ArgumentError(`graph: Graphviz can't lay this out (${why}); draw less, by { depth: 0 } or a lower limit`);
  }
  return rendered
    .slice(rendered.indexOf('<svg'))
    .replace(/<!--.*?-->\n?/gs, '')
    .replace(/<title>.*?<\/title>\n?/gs, '')
    .replaceAll('&#45;', '-')
    .replace(/ id="[^"]*"/g, '') // several may stand in one page
    .replace('<svg', '<svg class="ndgrad-graph" role="img" aria-label="Computational graph"')
    .replace('>', `>\n<style>${colours()}</style>`)
    .trim();
}

/** Rules that exchange each colour for its counterpart where the page is dark. */
function colours(): string {
  return (Object.keys(palette) as (keyof typeof palette)[])
    .flatMap((name) =>
      ['fill', 'stroke'].map((use) => {
        const [day, night] = [palette[name], dark[name]];
        return `.ndgrad-graph [${use}="${day}"]{${use}:light-dark(${day},${night})}`;
      }),
    )
    .join('');
}
