import { NdgradError } from '@ndgrad/core';
import { VERSION } from '@ndgrad/train';
import { Command, CommanderError, Option } from 'commander';
import { leaveQuietly } from '../readers.ts';
import type { CheckRequest } from './checks.ts';
import type { EvaluateRequest } from './evaluate.ts';
import type { ExportRequest } from './export.ts';
import type { InspectRequest } from './inspect.ts';
import type { PredictRequest } from './predict.ts';
import type { Setting } from './setting.ts';

const WRONG_USAGE = 2;
const FAILED = 1;

const examples = `
Examples:
  ndgrad train model.mjs --epochs 20 --save weights.safetensors --report
  ndgrad train model.mjs --checkpoint run.safetensors --resume --target 'val_acc>=0.97'
  ndgrad eval model.mjs --weights weights.safetensors
  ndgrad predict model.mjs digit.png --weights weights.safetensors --json
  ndgrad inspect weights.safetensors --picture first-layer.png
  ndgrad export model.mjs model.onnx --weights weights.safetensors
  ndgrad export model.mjs predict.mjs --weights weights.safetensors
  ndgrad doctor model.mjs

A project file exports what goes with a model:
  export const model = () => new Sequential(new Linear(4, 16), new ReLU(), new Linear(16, 3));
  export const data = () => ({ train, validation });       // datasets, or lists of [inputs, targets]
  export const classes = ['setosa', 'versicolor', 'virginica'];
It may export loss, optimizer, schedule, epochs, lr, batchSize, inputShape and transform, too.

Exit codes: 0 done; 1 a target was missed or something failed; 2 wrong usage; 130 after Ctrl-C, which saves first.`;

/**
 * The command `ndgrad`.
 * @param argv the words after the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[], setting: Partial<Setting> = {}): Promise<number> {
  const { name = 'ndgrad', lessons = [], stdout = process.stdout, stderr = process.stderr } = setting;
  const ready: Setting = { name, lessons, stdout, stderr };
  leaveQuietly(stdout, stderr);
  // Its words are the training command's, which has options of its own for each project.
  if (argv[0] === 'train')
    return guarded(async () => (await import('./train.ts')).trainCommand(argv.slice(1), ready), ready);
  let work: (() => Promise<number>) | null = null;
  try {
    program(ready, (next) => {
      work = next;
    }).parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    stderr.write(`${name}: ${error.message.replace(/^error: /, '')}\nRun "${name} --help" for the commands.\n`);
    return WRONG_USAGE;
  }
  return work === null ? 0 : guarded(work, ready);
}

/** The commands; each is loaded when it runs, with what it needs. */
function program(setting: Setting, run: (work: () => Promise<number>) => void): Command {
  const { name, stdout } = setting;
  const weights = new Option('--weights <file>', 'a safetensors file, or a checkpoint');
  const json = new Option('--json', 'print JSON, for machines');
  const root = new Command(name)
    .description('Trains, tests, looks at and exports small neural networks.')
    .version(VERSION, '-V, --version', 'show the version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: () => {} })
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .addHelpText('after', examples.replaceAll('ndgrad ', `${name} `));
  const command = (usage: string, description: string) => root.command(usage).description(description).exitOverride();
  command('train <project>', 'train a project or an example; options: train <project> --help');
  command('eval <project>', 'loss and accuracy on the test rows')
    .addOption(weights)
    .addOption(json)
    .option('--target <measure>', 'what must be reached, such as test_acc>=0.97')
    .action((path: string, options: EvaluateRequest) =>
      run(async () => (await import('./evaluate.ts')).evaluateCommand(path, options, setting)),
    );
  command('predict <project> <inputs>', 'classes and probabilities of the inputs in a CSV, IDX or PNG file')
    .addOption(weights)
    .addOption(json)
    .action((path: string, inputs: string, options: PredictRequest) =>
      run(async () => (await import('./predict.ts')).predictCommand(path, inputs, options, setting)),
    );
  command('inspect <file>', 'the tensors of a safetensors file, a checkpoint, an .npy or .npz')
    .addOption(json)
    .option('--picture <file>', 'draw the first layer’s weights as a PNG')
    .action((path: string, options: InspectRequest) =>
      run(async () => (await import('./inspect.ts')).inspectCommand(path, options, setting)),
    );
  command(
    'export <project> <target>',
    'the model as .onnx, .safetensors, .npz, or .mjs (a predictor that stands alone)',
  )
    .addOption(weights)
    .addOption(new Option('--dtype <type>', 'of the numbers').choices(['float32', 'float64']).default('float32'))
    .action((path: string, target: string, options: ExportRequest) =>
      run(async () => (await import('./export.ts')).exportCommand(path, target, options, setting)),
    );
  command('gradcheck <project>', 'compare the gradients with central differences')
    .addOption(weights)
    .addOption(json)
    .action((path: string, options: CheckRequest) =>
      run(async () => (await import('./checks.ts')).gradcheckCommand(path, options, setting)),
    );
  command('doctor <project>', 'look for what is wrong before training')
    .addOption(weights)
    .addOption(json)
    .action((path: string, options: CheckRequest) =>
      run(async () => (await import('./checks.ts')).doctorCommand(path, options, setting)),
    );
  return root;
}

/** Errors of ours are a line; others keep their stack. */
async function guarded(work: () => Promise<number>, { name, stderr }: Setting): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NdgradError)) throw error;
    stderr.write(`${name}: ${error.message}\n`);
    return FAILED;
  }
}
