import { defaultGenerator, type GeneratorState, manualSeed, ones, type Tensor, tensor, zeros } from '@ndgrad/core';
import { Check, type Closeness } from './compare.ts';
import { initializer, operation } from './library.ts';
import { build, compareState, type StoredState } from './modules.ts';
import { camelCase, decode, decodeOptions, type Stored, type StoredTensor } from './records.ts';

interface Draw {
  call: string;
  args: Stored[];
  options: Record<string, Stored>;
  result: StoredTensor | StoredState | null;
}

interface Program {
  id: string;
  seed: number;
  draws: Draw[];
}

interface Gain {
  args: [nonlinearity: string, param?: number];
  gain: number;
}

interface RandomFile {
  seed?: number;
  random64mod2to63?: string[];
  cases: (Program | Gain)[];
}

/** Replays a file of `random/`: programs of draws, each from its seed on, or the gains of `init`. */
export function replayRandom({ seed, random64mod2to63, cases }: RandomFile): Check[] {
  return cases.map((record, i) =>
    new Check('id' in record ? record.id : `gains/${i}`).run((check) => {
      if ('gain' in record) {
        replayGain(check, record);
        return;
      }
      if (i === 0 && random64mod2to63) replayWords(check, seed!, random64mod2to63);
      replayProgram(check, record);
    }),
  );
}

function replayGain(check: Check, { args: [nonlinearity, param], gain }: Gain): void {
  const options = param === undefined ? [] : [{ param }];
  check.numbers('value', 'gain', [initializer('calculate_gain')(nonlinearity, ...options) as number], [gain]);
}

/** The first 64-bit draws, which the file states modulo 2⁶³. */
function replayWords(check: Check, seed: number, words: string[]): void {
  manualSeed(seed);
  const drawn = words.map(() => String(defaultGenerator.random64() % 2n ** 63n));
  if (String(drawn) !== String(words)) check.fail(`64-bit draws ${drawn}, expected ${words}`);
}

function replayProgram(check: Check, { seed, draws }: Program): void {
  manualSeed(seed);
  let saved: GeneratorState = defaultGenerator.getState();
  draws.forEach((draw, i) => {
    const where = `draw ${i}, ${draw.call}: `;
    if (draw.call === 'manual_seed') manualSeed(draw.args[0] as number);
    else if (draw.call === 'save_state') saved = defaultGenerator.getState();
    else if (draw.call === 'load_state') defaultGenerator.setState(saved);
    else if (Array.isArray(draw.result)) {
      const module = build(draw.call, { args: draw.args, kwargs: draw.options });
      compareState(check, module, draw.result, closenessOf(draw));
    } else {
      const { first, last, ...options } = draw.options as Record<string, number>;
      const result = call({ ...draw, options }) as Tensor;
      const n = result.numel();
      const shown = first ? result.narrow(0, 0, first) : last ? result.narrow(0, n - last, last) : result;
      check.tensor('value', where, shown, draw.result, closenessOf(draw));
    }
  });
}

/** The calls whose arguments are not PyTorch's as they stand: the recorded ones are shapes and lists instead of tensors. */
function call({ call: name, args, options }: Draw): unknown {
  const decoded = decodeOptions(options);
  const [first, ...rest] = args.map((value, i) => decode(value, `args/${i}`, () => {}));
  const shape = first as number[];
  if (name.startsWith('init.')) return initializer(name.slice('init.'.length))(zeros(shape), ...rest, decoded);
  if (name.endsWith('_')) return methodOf(zeros(shape), name)(decoded);
  if (name === 'dropout') return operation(name)(ones(shape), decoded);
  if (name === 'bernoulli' || name === 'multinomial') return operation(name)(tensor(shape), ...rest, decoded);
  if (name === 'randint') return operation(name)(rest[0], rest[1], { low: first, ...decoded });
  return operation(name)(first, ...rest, decoded);
}

function methodOf(x: Tensor, name: string): (options: object) => unknown {
  const method = (x as unknown as Record<string, unknown>)[camelCase(name)];
  if (typeof method !== 'function') throw new TypeError(`there is no method ${camelCase(name)}`);
  return method.bind(x);
}

/** What passes through a logarithm, a sine or a cosine depends on the machine's last bits; a factorisation on more of them. */
function closenessOf({ call: name }: Draw): Closeness {
  if (/orthogonal_|trunc_normal_/.test(name)) return { absolute: 1e-12 };
  if (!/randn|normal_|sparse_|exponential_|Embedding/.test(name)) return { exact: true };
  return { ulps: 4 };
}
