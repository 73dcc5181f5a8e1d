import { grouped, percent, significant } from '@ndgrad/train/text';
import { planeChart } from './charts.ts';
import type { Evaluation, WorstRow } from './reportEvaluation.ts';
import { escaped, figure, table } from './reportHtml.ts';
import type { Picture, WeightPictures } from './reportPictures.ts';
import { sheetOf } from './reportPng.ts';
import type { RunRecord } from './reportRecord.ts';

// What the trained model makes of the data, and what its first layer looks for

/** Classes up to which the whole matrix is shown, and beyond which the most frequent confusions are. */
const MATRIX = 20;
const PAIRS = 20;

/** Bytes of all pictures of the worst rows together. */
const PICTURE_BYTES = 100_000;

/** First-layer weights, confusions, worst rows, decision regions. */
export function rowFigures({ pictures, evaluation }: RunRecord): string {
  const rows = evaluation === null ? [] : [confusionFigure, regionFigure, worstFigure].map((draw) => draw(evaluation));
  return [...rows, pictures === null ? '' : weightFigure(pictures)].join('');
}

function weightFigure({ before, after }: NonNullable<RunRecord['pictures']>): string {
  const shown = before.pictures.length;
  const sheets = [sheet('before', before), ...(after === null ? [] : [sheet('after', after)])];
  const isGrey = before.pictures[0]?.channels === 1;
  return figure(`<div class="pair">${sheets.join('')}</div>`, {
    title: `First layer: ${before.name}`,
    caption:
      `${shown === before.total ? `All ${shown}` : `The first ${shown} of ${grouped(before.total)}`} units, each as the ` +
      `picture that it looks for, scaled by its largest weight. ` +
      (isGrey ? 'Blue is below 0, red above.' : 'Grey is 0.'),
    wide: true,
  });
}

function sheet(when: string, { name, pictures }: WeightPictures): string {
  const { url, width, height } = sheetOf(pictures, Math.ceil(Math.sqrt(pictures.length)));
  const scale = Math.max(1, Math.floor(520 / width));
  const filter = pictures[0]!.channels === 1 ? ' diverging' : '';
  const alt = `${pictures.length} pictures of ${name}, ${when} training`;
  return (
    `<div><img class="sheet${filter}" src="${url}" width="${width * scale}" height="${height * scale}" ` +
    `alt="${escaped(alt)}"><span class="axis">${when}</span></div>`
  );
}

const partOf = ({ part, rows }: Evaluation): string => `${grouped(rows)} ${part} rows`;

function regionFigure(seen: Evaluation): string {
  if (seen.regions === null) return '';
  const labels = seen.classes.map((_, c) => c);
  const name = `Decision regions of ${labels.length} classes, and ${seen.regions.points.length} points`;
  return figure(planeChart(name, seen.regions, labels), {
    title: 'Decision regions',
    legend: seen.classes.map((className, colour) => ({ name: className, colour })),
    caption: 'The class that the model gives to each place, and the true classes of the rows.',
  });
}

function confusionFigure(seen: Evaluation): string {
  const { confusion, classes } = seen;
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  return figure(classes.length <= MATRIX ? matrix(seen) : pairsTable(seen), {
    title: 'Confusions',
    caption: `${partOf(seen)}, of which ${percent(right / seen.rows)} are right.`,
    table: table(
      ['class', 'rows', 'found', 'right when named'],
      classes.map((name, c) => {
        const [given, named] = [sum(confusion[c]!), sum(confusion.map((row) => row[c]!))];
        return [name, grouped(given), share(confusion[c]![c]!, given), share(confusion[c]![c]!, named)];
      }),
    ),
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const share = (part: number, whole: number): string => (whole === 0 ? '–' : percent(part / whole, 1));

function matrix({ confusion, classes }: Evaluation): string {
  const head = classes.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const most = Math.max(
    ...confusion.flatMap((row, i) => row.map((count, j) => (i === j ? 0 : count / (sum(row) || 1)))),
  );
  const rows = confusion.map((row, i) => {
    const given = sum(row);
    const cells = row.map((count, j) => {
      const part = given === 0 ? 0 : count / given;
      const shade = i === j ? part : 0.1 + (0.6 * part) / (most || 1);
      const kind = count === 0 ? 'zero' : `${i === j ? 'right' : 'wrong'}${i === j && shade > 0.93 ? ' full' : ''}`;
      const title = `${classes[i]} taken for ${classes[j]}: ${count} (${percent(part, 1)})`;
      return `<td class="${kind}" style="--v:${shade.toFixed(3)}" title="${escaped(title)}">${count}</td>`;
    });
    return `<tr><th scope="row">${escaped(classes[i]!)}</th>${cells.join('')}</tr>`;
  });
  return (
    '<div class="scroll"><table class="confusion"><caption>class (row) taken for (column)</caption>' +
    `<thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
  );
}

function pairsTable({ confusion, classes }: Evaluation): string {
  const pairs = confusion.flatMap((row, i) => row.map((count, j) => ({ i, j, count, given: sum(row) })));
  const frequent = pairs.filter(({ i, j, count }) => i !== j && count > 0).toSorted((a, b) => b.count - a.count);
  const rows = frequent
    .slice(0, PAIRS)
    .map(({ i, j, count, given }) => [classes[i]!, classes[j]!, grouped(count), share(count, given)]);
  return table(['class', 'taken for', 'rows', 'of the class'], rows);
}

function worstFigure(seen: Evaluation): string {
  const { worst } = seen;
  const asPictures = worst[0]?.picture != null;
  const html = asPictures ? worstPictures(seen) : worstTable(seen);
  return figure(html, {
    title: 'Highest losses',
    caption: `Of ${partOf(seen)}: the rows of the highest loss, the true class, and the class that the model gives.`,
    wide: asPictures,
  });
}

const verdict = ({ label, predicted }: WorstRow, classes: readonly string[]): string =>
  label === predicted ? `${classes[label]}, found` : `${classes[label]}, taken for ${classes[predicted]}`;

function worstPictures({ worst, classes }: Evaluation): string {
  const size = worst[0]!.picture!.bytes.length;
  const shown = worst.slice(0, Math.max(1, Math.floor(PICTURE_BYTES / size)));
  const figures = shown.map((row) => {
    const text = verdict(row, classes);
    return (
      `<figure>${imageElement(row.picture!, `row ${row.row}: ${text}`)}<b>${escaped(text)}</b><br>` +
      `row ${row.row}, loss ${significant(row.loss, 3)}</figure>`
    );
  });
  return `<div class="pictures">${figures.join('')}</div>`;
}

/** One picture, as many times larger as the style says. */
export function imageElement(picture: Picture, alt: string): string {
  const { url, width, height } = sheetOf([picture], 1);
  return `<img src="${url}" width="${width}" height="${height}" alt="${escaped(alt)}">`;
}

function worstTable({ worst, classes }: Evaluation): string {
  const values = worst[0]?.values?.length ?? 0;
  const rows = worst
    .slice(0, 12)
    .map((row) => [
      String(row.row),
      classes[row.label]!,
      classes[row.predicted]!,
      row.loss,
      ...(row.values ?? []).map((value) => significant(value, 3)),
    ]);
  const header = ['row', 'class', 'taken for', 'loss', ...Array.from({ length: values }, (_, i) => `x${i}`)];
  return table(header, rows);
}
