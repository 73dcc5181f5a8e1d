import { extname } from 'node:path';
import { encodeNpz, saveWeights, writeFileAtomic } from '@ndgrad/io';
import { exportPredictor, saveOnnx } from '@ndgrad/onnx';
import { CommandError, classesOf, exampleOf, loadProject, modelOf, weightsInto } from './project.ts';
import type { Setting } from './setting.ts';

/** Options of `ndgrad export`. */
export interface ExportRequest {
  weights?: string;
  dtype: 'float32' | 'float64';
}

/** `ndgrad export <file> <target>`: the model in another form, by the ending of the target. */
export async function exportCommand(
  path: string,
  target: string,
  request: ExportRequest,
  { stdout }: Setting,
): Promise<number> {
  const kind = extname(target).toLowerCase();
  if (!['.onnx', '.safetensors', '.npz', '.mjs'].includes(kind)) {
    throw new CommandError(
      `${target}: the ending must be .onnx, .safetensors, .npz or .mjs (a predictor that stands alone)`,
    );
  }
  const found = await loadProject(path);
  const model = modelOf(found);
  await weightsInto(model, request.weights);
  const classes = await classesOf(found);
  const written = [target];
  if (kind === '.safetensors') {
    await saveWeights(model, target, { dtype: request.dtype === 'float32' ? 'F32' : 'F64' });
  } else if (kind === '.npz') {
    await writeFileAtomic(target, encodeNpz(model.stateDict()));
  } else if (kind === '.onnx') {
    const metadata: Record<string, string> = classes === null ? {} : { classes: JSON.stringify(classes) };
    await saveOnnx(model, await exampleOf(found, 'export'), target, { dtype: request.dtype, metadata });
  } else {
    const { code, types } = exportPredictor(model, await exampleOf(found, 'export'), { classes });
    const declarations = target.replace(/\.mjs$/i, '.d.mts');
    await writeFileAtomic(target, new TextEncoder().encode(code));
    await writeFileAtomic(declarations, new TextEncoder().encode(types));
    written.push(declarations);
  }
  stdout.write(`${written.join('\n')}\n`);
  return 0;
}
