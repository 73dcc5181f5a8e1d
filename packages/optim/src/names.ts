/** PyTorch's name of ours: `expAvgSq` → `exp_avg_sq`, `TMax` → `T_max`, `T0` → `T_0`. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=.)[A-Z0-9]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Our name of PyTorch's: `exp_avg_sq` → `expAvgSq`, `T_max` → `TMax`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=.)_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The same values under other names. */
export function renamed<T>(values: Readonly<Record<string, T>>, rename: (name: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [rename(name), value]));
}
