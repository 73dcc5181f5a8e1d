import { cosSin, log } from './accurate.ts';
import { ArgumentError } from './errors.ts';

const WORDS = 624;
const SHIFT = 397;

/** All generators that the program still has. Who looks for those that nobody named, does so here. */
const living = new Set<WeakRef<Generator>>();
const forgotten = new FinalizationRegistry<WeakRef<Generator>>((reference) => living.delete(reference));

/** What `Generator.getState` gives and `setState` takes: plain data, safe to keep as JSON. */
export interface GeneratorState {
  readonly seed: number;
  readonly words: readonly number[];
  readonly position: number;
  readonly cachedNormal: number | null;
}

/**
 * PyTorch's CPU generator, draw for draw in float64: the Mersenne Twister mt19937 (Matsumoto & Nishimura, 1998) and
 * PyTorch's rules to make uniform, normal and integer numbers of its 32-bit words.
 * @see https://pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator {
  private readonly words = new Uint32Array(WORDS);
  private position = WORDS;
  private cachedNormal: number | null = null;
  private seed = 0;

  /** A generator that starts from `seed`; without one, from a number that nobody can guess. */
  constructor(seed: number = Math.floor(Math.random() * 2 ** 32)) {
    this.manualSeed(seed);
    const reference = new WeakRef(this);
    living.add(reference);
    forgotten.register(this, reference);
  }

  /**
   * Starts the sequence over. Only the lower 32 bits of the seed count, as in PyTorch.
   * @param seed whole number, |seed| ≤ 2⁵³
   * @throws ArgumentError if it is not one
   */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed))
      throw new ArgumentError(`manualSeed: the seed must be a whole number, got ${seed}`);
    const { words } = this;
    words[0] = seed % 2 ** 32;
    for (let j = 1; j < WORDS; j++) {
      const last = words[j - 1]!;
      words[j] = Math.imul(1812433253, last ^ (last >>> 30)) + j;
    }
    this.position = WORDS;
    this.cachedNormal = null;
    this.seed = seed;
    return this;
  }

  /** The seed that the sequence started from. */
  initialSeed(): number {
    return this.seed;
  }

  getState(): GeneratorState {
    const { seed, position, cachedNormal } = this;
    return { seed, words: Array.from(this.words), position, cachedNormal };
  }

  /** @throws ArgumentError unless the state has the form that `getState` gives. */
  setState({ seed, words, position, cachedNormal }: GeneratorState): this {
    const whole = (value: number, max: number) => Number.isInteger(value) && value >= 0 && value <= max;
    if (words?.length !== WORDS || !words.every((w) => whole(w, 2 ** 32 - 1)) || !whole(position, WORDS)) {
      throw new ArgumentError('setState: not the state of a Generator (as getState gives it)');
    }
    this.words.set(words);
    this.position = position;
    this.cachedNormal = cachedNormal;
    this.seed = seed;
    return this;
  }

  /** The next 32-bit word, in [0, 2³²). */
  random32(): number {
    if (this.position === WORDS) this.twist();
    let y = this.words[this.position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** The next two words as one 64-bit number, the first being the high half. */
  random64(): bigint {
    const high = BigInt(this.random32());
    return (high << 32n) | BigInt(this.random32());
  }

  /** The next number of the uniform distribution on [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    const high = this.random32() & 0x1fffff;
    return (high * 2 ** 32 + this.random32()) * 2 ** -53;
  }

  /** The next number of the standard normal distribution; every other call draws a pair. */
  normal(): number {
    if (this.cachedNormal !== null) {
      const sample = this.cachedNormal;
      this.cachedNormal = null;
      return sample;
    }
    const angle = this.uniform();
    const [first, second] = boxMuller(1 - this.uniform(), angle);
    this.cachedNormal = second;
    return first;
  }

  /** The next whole number of [low, high), by remainder as in PyTorch. */
  integer(low: number, high: number): number {
    const range = high - low;
    return low + (range < 2 ** 32 ? this.random32() % range : Number(this.random64() % BigInt(range)));
  }

  private twist(): void {
    const { words } = this;
    for (let i = 0; i < WORDS; i++) {
      const y = (words[i]! & 0x80000000) | (words[(i + 1) % WORDS]! & 0x7fffffff);
      words[i] = words[(i + SHIFT) % WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}

/** All generators that the program has made and can still reach, the default one first. */
export function livingGenerators(): Generator[] {
  return [...living].flatMap((reference) => reference.deref() ?? []);
}

/** Two normal numbers of two uniform ones, u1 in (0, 1] and u2 in [0, 1) (Box & Muller, 1958). */
export function boxMuller(u1: number, u2: number): [number, number] {
  const radius = Math.sqrt(-2 * log(u1));
  const [cos, sin] = cosSin(2 * Math.PI * u2);
  return [radius * cos, radius * sin];
}

/** The generator that draws when none is given. It starts from a number that nobody can guess. */
export const defaultGenerator = new Generator();

/** Starts the default generator over from `seed`, so that a program repeats bit for bit. */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.manualSeed(seed);
}
