import type { Nd, Tensor } from '@ndgrad/core';
import { UnsupportedOpError } from '../errors.ts';
import { planOf, sameNumbers, sameValue, unexplained } from '../plan.ts';
import { nameOf, type Step, type Trace } from '../trace.ts';
import { type Emitter, literal, type Operand } from './emit.ts';
import { emitters } from './emitters.ts';
import type { Helper } from './helpers.ts';

/** Numbers that a predictor brings along. */
export interface Weight {
  readonly variable: string;
  readonly numbers: Float64Array;
  readonly shape: readonly number[];
  /** Of the parameter or buffer, if it is one. */
  readonly name: string | null;
}

/** What a predictor does with one example, `input`: the lines of a function, and what they refer to. */
export class Body {
  readonly lines: string[] = [];
  readonly weights: Weight[] = [];
  readonly helpers = new Set<Helper>();
  private readonly variables = new Map<Nd, string>();
  private count = 0;

  /**
   * @param first what the model did with an example
   * @param second what it did with another
   * @param states the names of parameters and buffers
   * @throws UnsupportedOpError for what is not known, and what differs between the two
   */
  constructor(
    first: Trace,
    second: Trace,
    private readonly states: ReadonlyMap<Nd, string>,
  ) {
    const plan = planOf('exportPredictor', first, second);
    this.variables.set(first.inputs[0]!.ndarray, 'input');
    const operand = (a: Tensor, b: Tensor, user: string): Operand => {
      if (plan.isComputed(a.ndarray)) return { code: this.variables.get(a.ndarray)!, shape: a.shape, constant: null };
      const same = sameNumbers(a, b);
      // Not every operand of an operation is asked for.
      const weightOf = () => {
        if (!same) throw unexplained('exportPredictor', user);
        return this.weightOf(a);
      };
      return {
        shape: a.shape,
        constant: same ? a : null,
        get code() {
          return weightOf();
        },
      };
    };
    for (const i of plan.steps) {
      const [a, b] = [first.steps[i]!, second.steps[i]!];
      const inputs = a.inputs.map((x, j) => operand(x, b.inputs[j]!, nameOf(a)));
      if (!sameValue(a.params, b.params)) throw unexplained('exportPredictor', nameOf(a));
      this.variables.set(a.y.ndarray, this.hold(this.emit(a, inputs)));
    }
    const [y, other] = [[...first.outputs.values()][0]!, [...second.outputs.values()][0]!];
    this.lines.push(`return ${operand(y, other, 'the output').code};`);
  }

  private emit(step: Step, inputs: readonly Operand[]): string {
    if (!Object.hasOwn(emitters, step.name)) {
      throw new UnsupportedOpError(
        `exportPredictor: ${nameOf(step)}: a predictor does not know this operation; ` +
          'compute the same by other operations, or export the model as ONNX',
      );
    }
    return (emitters[step.name] as Emitter)({
      inputs,
      params: step.params,
      shape: step.y.shape,
      call: (helper, ...args) => {
        this.helpers.add(helper);
        return `${helper}(${args.map(literal).join(', ')})`;
      },
      hold: (code) => this.hold(code),
    });
  }

  private hold(code: string): string {
    if (/^\w+$/.test(code)) return code;
    const variable = `v${++this.count}`;
    this.lines.push(`const ${variable} = ${code};`);
    return variable;
  }

  private weightOf(x: Tensor): string {
    const before = this.variables.get(x.ndarray);
    if (before !== undefined) return before;
    const variable = `w${this.weights.length}`;
    const name = this.states.get(x.ndarray) ?? null;
    this.weights.push({ variable, numbers: x.toArray(), shape: x.shape, name });
    this.variables.set(x.ndarray, variable);
    return variable;
  }
}
