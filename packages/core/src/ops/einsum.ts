import { ArgumentError, ShapeError } from '../errors.ts';
import { describe } from '../options.ts';
import { formatShape, numelOf } from '../shape.ts';
import { Tensor } from '../tensor.ts';
import { diagonal } from './diagonal.ts';
import { matmul } from './matmul.ts';
import { mul } from './pointwise.ts';
import { sum } from './reduce.ts';
import { permute, reshape, squeeze } from './view.ts';

/** A tensor whose dims have names: letters, and `…0`, `…1`, … for those that an ellipsis stands for. */
interface Named {
  x: Tensor;
  labels: readonly string[];
}

/**
 * Sums of products by Einstein's convention: each letter names a dim; the dims that share a letter go together, and
 * those that are not in the output are summed over. `'ij,jk->ik'` is the matrix product, `'ii->i'` the diagonal,
 * `'...ij->...ji'` a transposition of whatever stands in front. Without `->`, the output has the ellipsis and then, in
 * alphabetical order, the letters that occur once.
 * @throws ArgumentError for an equation that can't be read; ShapeError where it does not fit the tensors
 * @see PyTorch `torch.einsum`
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const { terms, output } = parse(equation, operands);
  checkSizes(terms);
  const named = terms.map(withoutRepeats);
  const wantedAfter = (i: number) => new Set([...output, ...named.slice(i + 1).flatMap(({ labels }) => labels)]);
  const product = named.slice(1).reduce((a, b, i) => contract(a, b, wantedAfter(i + 1)), named[0]!);
  const { x, labels } = summed(product, new Set(output));
  return permute(
    x,
    output.map((label) => labels.indexOf(label)),
  );
}

function parse(equation: string, operands: readonly Tensor[]): { terms: Named[]; output: string[] } {
  if (typeof equation !== 'string' || operands.length === 0 || !operands.every((x) => x instanceof Tensor)) {
    throw new ArgumentError("einsum: expected an equation and at least one tensor, such as einsum('ij,jk->ik', a, b)");
  }
  const [inputs = '', outputs, ...more] = equation.replaceAll(' ', '').split('->');
  if (more.length > 0) throw new ArgumentError(`einsum: "->" may occur once, got ${describe(equation)}`);
  const subscripts = inputs.split(',').map((term) => readTerm(term, equation));
  if (subscripts.length !== operands.length) {
    throw new ArgumentError(
      `einsum: ${describe(equation)} is about ${subscripts.length} tensors, but there are ${operands.length}`,
    );
  }
  const hidden = operands.map((x, i) => hiddenDims(x, subscripts[i]!, i, equation));
  const most = Math.max(...hidden);
  const ellipsis = (count: number) => Array.from({ length: count }, (_, i) => `…${most - count + i}`);
  const spelt = (letters: readonly string[], count: number) =>
    letters.flatMap((letter) => (letter === '…' ? ellipsis(count) : [letter]));
  const terms = operands.map((x, i) => ({ x, labels: spelt(subscripts[i]!, hidden[i]!) }));
  if (outputs === undefined) return { terms, output: [...ellipsis(most), ...lettersOnce(terms)] };
  const output = spelt(readTerm(outputs, equation), most);
  checkOutput(output, terms, equation);
  return { terms, output };
}

/** The letters of one term, an ellipsis as `…`. */
function readTerm(term: string, equation: string): string[] {
  const stranger = [...term.replaceAll('...', '')].find((letter) => !/[a-zA-Z]/.test(letter));
  if (stranger !== undefined) {
    throw new ArgumentError(
      `einsum: dims are named by letters, and "..." stands for the rest; got "${stranger}" in ${describe(equation)}`,
    );
  }
  const letters = [...term.replaceAll('...', '…')];
  if (letters.indexOf('…') !== letters.lastIndexOf('…')) {
    throw new ArgumentError(`einsum: "..." may occur once in a term, got ${describe(equation)}`);
  }
  return letters;
}

/** How many dims of `x` its ellipsis stands for. */
function hiddenDims(x: Tensor, letters: readonly string[], i: number, equation: string): number {
  const hidden = x.ndim - letters.filter((letter) => letter !== '…').length;
  if (hidden < 0 || (hidden > 0 && !letters.includes('…'))) {
    throw new ShapeError(
      `einsum: term ${i} of ${describe(equation)} names ${x.ndim - hidden} dims, but its tensor is ` +
        `${formatShape(x.shape)}`,
    );
  }
  return hidden;
}

function lettersOnce(terms: readonly Named[]): string[] {
  const all = terms.flatMap(({ labels }) => labels).filter((label) => !label.startsWith('…'));
  return all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
}

function checkOutput(output: readonly string[], terms: readonly Named[], equation: string): void {
  output.forEach((label, i) => {
    if (output.indexOf(label) !== i) {
      throw new ArgumentError(`einsum: "${label}" occurs twice in the output of ${describe(equation)}`);
    }
    if (!terms.some(({ labels }) => labels.includes(label))) {
      throw new ArgumentError(`einsum: "${label}" is in the output of ${describe(equation)}, but in no term`);
    }
  });
}

/** Dims of one name have one size, but for sizes of 1, which are broadcast; within one tensor, there are no exceptions. */
function checkSizes(terms: readonly Named[]): void {
  const sizes = new Map<string, number>();
  for (const { x, labels } of terms) {
    labels.forEach((label, d) => {
      const size = x.shape[d]!;
      const known = sizes.get(label) ?? 1;
      if (size !== known && size !== 1 && known !== 1) {
        throw new ShapeError(`einsum: "${label}" stands for ${known} and for ${size}, in ${formatShape(x.shape)}`);
      }
      const first = x.shape[labels.indexOf(label)]!;
      if (first !== size) {
        throw new ShapeError(`einsum: "${label}" stands for ${first} and for ${size}, in ${formatShape(x.shape)}`);
      }
      sizes.set(label, size === 1 ? known : size);
    });
  }
}

/** A letter that occurs twice in one term stands for the diagonal. */
function withoutRepeats({ x, labels }: Named): Named {
  const dim2 = labels.findIndex((label, d) => labels.indexOf(label) < d);
  if (dim2 < 0) return { x, labels };
  const label = labels[dim2]!;
  const dim1 = labels.indexOf(label);
  const others = labels.filter((_, d) => d !== dim1 && d !== dim2);
  return withoutRepeats({ x: diagonal(x, { dim1, dim2 }), labels: [...others, label] });
}

/** Summed over what nobody wants. */
function summed({ x, labels }: Named, wanted: ReadonlySet<string>): Named {
  const dims = labels.flatMap((label, d) => (wanted.has(label) ? [] : [d]));
  if (dims.length === 0) return { x, labels };
  return { x: sum(x, { dim: dims }), labels: labels.filter((label) => wanted.has(label)) };
}

/** Without the dims of size 1 that `other` has larger: the product repeats them anyway. */
function withoutRepeated({ x, labels }: Named, other: Named): Named {
  const repeated = labels.map((label, d) => {
    const there = other.x.shape[other.labels.indexOf(label)];
    return x.shape[d] === 1 && there !== undefined && there !== 1;
  });
  if (!repeated.includes(true)) return { x, labels };
  const dims = labels.flatMap((_, d) => (repeated[d] ? [d] : []));
  return { x: squeeze(x, { dim: dims }), labels: labels.filter((_, d) => !repeated[d]) };
}

/** The product of two tensors, summed over the dims that nobody wants afterwards: one batched matrix product. */
function contract(a: Named, b: Named, wanted: ReadonlySet<string>): Named {
  const [thin, other] = [withoutRepeated(a, b), withoutRepeated(b, a)];
  const left = summed(thin, new Set([...wanted, ...other.labels]));
  const right = summed(other, new Set([...wanted, ...thin.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => wanted.has(label));
  const inner = shared.filter((label) => !wanted.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const sizesOf = ({ x, labels }: Named, names: readonly string[]) => names.map((n) => x.shape[labels.indexOf(n)]!);
  /** The dims gathered into one for each group. */
  const grouped = (named: Named, ...groups: (readonly string[])[]) => {
    const order = groups.flat().map((label) => named.labels.indexOf(label));
    return reshape(
      permute(named.x, order),
      groups.map((group) => numelOf(sizesOf(named, group))),
    );
  };
  const multiply = inner.length === 0 ? mul : matmul; // [batch, rows, inner] · [batch, inner, columns]
  const y = multiply(grouped(left, batch, rows, inner), grouped(right, batch, inner, columns));
  return {
    x: reshape(y, [...sizesOf(left, [...batch, ...rows]), ...sizesOf(right, columns)]),
    labels: [...batch, ...rows, ...columns],
  };
}
