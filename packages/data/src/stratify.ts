/**
 * How many examples of each class go to each part, `[class][part]`: a whole number next to size × share, such that
 * every class is dealt out to the last example and every part's total, too, lies next to its share of all.
 * (Controlled rounding: the table is rounded down, and what is left over is placed by augmenting paths.)
 * @param sizes examples of each class
 * @param shares of each part; they sum to 1
 */
export function stratifiedCounts(sizes: readonly number[], shares: readonly number[]): number[][] {
  const total = sum(sizes);
  const exact = sizes.map((size) => shares.map((share) => size * share));
  const counts = exact.map((row) => row.map(below));
  const room = shares.map((share, part) => above(total * share) - sum(counts.map((row) => row[part]!)));

  // Parts whose total is rounded down leave room unused: one more row stands for it, so that all rows fill all room.
  const slack = shares.map((share) => above(total * share) - total * share);
  const spare = sizes.map((size, i) => size - sum(counts[i]!));
  const rows = [...exact, slack];
  const takers = place([...spare, sum(room) - sum(spare)], rows.map(partsToRoundUp), room);
  takers.forEach((taking, part) => {
    for (const row of taking) if (row < sizes.length) counts[row]![part]!++;
  });
  return counts;
}

/** Which rows take one place in each part: row i takes `wanted[i]` places, at most one in each of `open[i]`. */
function place(wanted: readonly number[], open: readonly (readonly number[])[], room: readonly number[]) {
  const takers = room.map(() => new Set<number>());
  const augment = (row: number, seen: Set<number>): boolean => {
    for (const part of open[row]!) {
      if (seen.has(part) || takers[part]!.has(row)) continue;
      seen.add(part);
      const free = takers[part]!.size < room[part]!;
      const mover = free ? undefined : [...takers[part]!].find((other) => augment(other, seen));
      if (!free && mover === undefined) continue;
      if (mover !== undefined) takers[part]!.delete(mover);
      takers[part]!.add(row);
      return true;
    }
    return false;
  };
  wanted.forEach((places, row) => {
    for (let i = 0; i < places; i++) augment(row, new Set());
  });
  return takers;
}

/** The parts where a row is not whole, those nearest to the next whole number first. */
function partsToRoundUp(row: readonly number[]): number[] {
  const missing = (part: number) => above(row[part]!) - row[part]!;
  return [...row.keys()]
    .filter((part) => below(row[part]!) < above(row[part]!))
    .sort((a, b) => missing(a) - missing(b));
}

// size × share may miss a whole number by a rounding error: 0.29 · 100 = 28.999999999999996
const below = (x: number): number => Math.floor(x + 1e-9);
const above = (x: number): number => Math.ceil(x - 1e-9);

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
