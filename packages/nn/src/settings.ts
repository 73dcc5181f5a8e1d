import type { AnyModule } from './module.ts';

/** The numbers, words and flags among a module's own fields: `margin=1, reduction=mean`. */
export function settingsOf(module: AnyModule): string {
  return Object.entries(module)
    .filter(([name, value]) => name !== 'training' && ['number', 'string', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
