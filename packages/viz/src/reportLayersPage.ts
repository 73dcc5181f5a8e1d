import { grouped, percent, significant } from '@ndgrad/train/text';
import { ridgeChart } from './charts.ts';
import { thinned } from './reportCurves.ts';
import type { Distribution, History } from './reportDistribution.ts';
import { escaped, figure, table } from './reportHtml.ts';
import type { RunRecord } from './reportRecord.ts';

// How activations, gradients and weights were distributed, layer by layer, at several steps

const PANELS = 8;
const MOMENTS = 7;

const captions = {
  Activations:
    'What each layer gives to the same rows, at several steps. Good layers keep their width from one to the next; ' +
    'widths that shrink towards 0 or pile up at the ends stop the gradient.',
  Gradients:
    'The gradient of each weight, at several steps. Its width should not fall or grow by orders from layer to layer.',
  Weights: 'The weights themselves, at several steps.',
};

/** The histograms of a run. */
export function layerFigures({ activations, gradients, weights }: RunRecord): string {
  const groups = { Activations: activations, Gradients: gradients, Weights: weights };
  return Object.entries(groups)
    .map(([title, histories]) => historyFigure(title as keyof typeof captions, histories))
    .join('');
}

function historyFigure(title: keyof typeof captions, histories: readonly History[]): string {
  if (histories.length === 0) return '';
  const shown = thinned(histories, PANELS);
  const panels = shown.map((history) => panelOf(title, history));
  const some = shown.length < histories.length ? ` Shown: ${shown.length} of ${histories.length} layers.` : '';
  return figure(`<div class="panels">${panels.join('')}</div>`, {
    title,
    caption: `${captions[title]} Each ridge has the same height, and leaves out the outermost 1 %.${some}`,
    table: historyTable(histories),
    wide: shown.length > 2,
  });
}

function panelOf(title: string, { name, moments }: History): string {
  const rows = thinned(moments, MOMENTS).map(({ step, distribution }) => ({ name: stepName(step), distribution }));
  const last = moments.at(-1)!.distribution;
  const spread = `mean ${significant(last.mean, 2)}, std ${significant(last.std, 2)}`;
  const label = `${title} of ${name}, ${rows.length} histograms, at the end ${spread}`;
  return `<div class="panel"><h4>${escaped(name)} <small>${spread}</small></h4>${ridgeChart(label, rows)}</div>`;
}

const stepName = (step: number): string => (step === 0 ? 'start' : grouped(step));

function historyTable(histories: readonly History[]): string {
  const rows = histories.map(({ name, moments }) => {
    const [first, last] = [moments[0]!.distribution, moments.at(-1)!.distribution];
    return [
      name,
      grouped(last.count),
      ...momentsOf(first),
      ...momentsOf(last),
      percent(last.zeros, 1),
      percent(last.notFinite, 1),
    ];
  });
  return table(
    ['', 'numbers', 'mean, first', 'std, first', 'mean, last', 'std, last', 'zeros, last', 'not finite, last'],
    rows,
  );
}

const momentsOf = ({ mean, std }: Distribution): number[] => [mean, std];
