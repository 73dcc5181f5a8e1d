/** `f`, with the number of its calls so far as `calls`. */
export function counted<Args extends unknown[], T>(
  f: (...args: Args) => T,
): ((...args: Args) => T) & { calls: number } {
  const counter = Object.assign(
    (...args: Args) => {
      counter.calls++;
      return f(...args);
    },
    { calls: 0 },
  );
  return counter;
}
