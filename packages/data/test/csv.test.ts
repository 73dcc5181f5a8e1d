import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, parseCsv, readCsv } from '../src/index.ts';
import { folderWith } from './files.ts';

const flowers = 'length,width,species\n5.1,3.5,setosa\n7,3.2,versicolor\n6.3,-3.3e-1,setosa\n';

describe('parseCsv', () => {
  it('reads features, classes and their names', () => {
    const { inputs, targets, classNames, featureNames } = parseCsv(flowers);
    expect(inputs.tolist()).toEqual([
      [5.1, 3.5],
      [7, 3.2],
      [6.3, -0.33],
    ]);
    expect(targets.tolist()).toEqual([0, 1, 0]);
    expect([classNames, featureNames]).toEqual([
      ['setosa', 'versicolor'],
      ['length', 'width'],
    ]);
  });

  it('keeps numbers as targets', () => {
    const { targets, classNames } = parseCsv('a,b\n1,2.5\n2,-1\n');
    expect([targets.tolist(), classNames]).toEqual([[2.5, -1], null]);
  });

  it('takes target and features by name or by place', () => {
    const text = 'id,a,b,c\n7,1,2,3\n8,4,5,6\n';
    const named = parseCsv(text, { target: 'a', features: ['c', 'b'] });
    expect([named.inputs.tolist(), named.targets.tolist()]).toEqual([
      [
        [3, 2],
        [6, 5],
      ],
      [1, 4],
    ]);
    expect(named.featureNames).toEqual(['c', 'b']);
    const placed = parseCsv(text, { target: 1, features: [3, 2] });
    expect(placed.inputs.tolist()).toEqual(named.inputs.tolist());
  });

  it('reads tables without a header, and with other delimiters', () => {
    const { inputs, targets, featureNames } = parseCsv('1;2;0\n3;4;1', { header: false, delimiter: ';' });
    expect([inputs.tolist(), targets.tolist(), featureNames]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      null,
    ]);
  });

  it('numbers the classes in the order it is given, also where they look like numbers', () => {
    const text = 'x,kind\n1,b\n2,a\n';
    expect(parseCsv(text, { classNames: ['b', 'a', 'c'] }).targets.tolist()).toEqual([0, 1]);
    expect(parseCsv('x,kind\n1,4\n2,8\n', { classNames: ['8', '4'] }).targets.tolist()).toEqual([1, 0]);
  });

  it('reads quotes, blank lines, spaces, a byte order mark, and the line ends of all systems', () => {
    const rows = ['\ufeffa,"b, the ""second""",c', '1, 2 ,"x, y"', '', '"3",4,z', ''];
    for (const end of ['\n', '\r\n', '\r']) {
      const { inputs, featureNames, classNames } = parseCsv(rows.join(end));
      expect(inputs.tolist()).toEqual([
        [1, 2],
        [3, 4],
      ]);
      expect(featureNames).toEqual(['a', 'b, the "second"']);
      expect(classNames).toEqual(['x, y', 'z']);
    }
  });

  it('gives back any table of doubles, to the last bit', () => {
    const tables = fc.array(
      fc.tuple(...Array.from({ length: 3 }, () => fc.double({ noNaN: true, noDefaultInfinity: true }))),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(tables, (rows) => {
        const { inputs, targets } = parseCsv(rows.map((row) => row.join(',')).join('\n'), { header: false });
        const same = (a: number, b: number) => a === b;
        expect(
          rows.every(([a, b, c], i) => {
            const [x, y] = inputs.select(0, i).toArray();
            return same(x!, a!) && same(y!, b!) && same(targets.toArray()[i]!, c!);
          }),
        ).toBe(true);
      }),
    );
  });

  it.each<[string, string, object, string]>([
    [
      'a word among numbers',
      'a,b\n1,2\nx,3\n',
      {},
      'parseCsv: the text: row 3, column "a": expected a number, found "x"',
    ],
    ['an empty cell', 'a,b\n1,2\n,3\n', {}, 'row 3, column "a": expected a number, found an empty cell'],
    ['a row number beyond a blank line', 'a,b\n\n1,2\nx,3\n', {}, 'row 4, column "a": expected a number, found "x"'],
    ['NaN', 'a,b\nNaN,2\n', {}, 'row 2, column "a": expected a number, found "NaN"'],
    ['a number that is too large', 'a,b\n1e999,2\n', {}, 'expected a number, found "1e999"'],
    ['a hexadecimal number', 'a,b\n0x10,2\n', {}, 'expected a number, found "0x10"'],
    [
      'a column without a name',
      '1,2\n3,oops,\n'.replace(',\n', '\n'),
      { header: false, target: 0 },
      'row 2, column "1": expected a number, found "oops"',
    ],
    [
      'a word among the numbers of the target',
      'a,b\n1,2\n2,x\n',
      {},
      'row 3, column "b": expected a number, found "x"',
    ],
    ['an empty class', 'a,b\n1,p\n2,\n', {}, 'row 3, column "b": expected one of ["p"], found an empty cell'],
    ['a target without values', 'a,b\n1,\n2,\n', {}, 'row 2, column "b": expected a number, found an empty cell'],
    [
      'an unknown class',
      'a,b\n1,p\n2,q\n',
      { classNames: ['p'] },
      'row 3, column "b": expected one of ["p"], found "q"',
    ],
    ['a short row', 'a,b,c\n1,2,3\n4,5\n', {}, 'parseCsv: the text: row 3: expected 3 cells, as in row 1, found 2'],
    ['a long row', '1,2\n4,5,6\n', { header: false }, 'row 2: expected 2 cells, as in row 1, found 3'],
    [
      'a missing column',
      flowers,
      { target: 'specis' },
      'expected one column "specis", found 0 among ["length", "width", "species"]. Did you mean "species"?',
    ],
    [
      'a column beyond the last',
      flowers,
      { target: 3 },
      'expected one column 3, found 0 among ["length", "width", "species"]',
    ],
    [
      'an ambiguous column',
      'a,a,b\n1,2,3\n',
      { target: 'a' },
      'expected one column "a", found 2 among ["a", "a", "b"]',
    ],
    ['an open quote', 'a,b\n1,"2\n', {}, 'row 2: Quoted field unterminated'],
    ['an empty text', '', {}, 'parseCsv: the text: expected rows of data, found none'],
    ['a header alone', 'a,b\n', {}, 'expected rows of data, found none'],
    ['one column', 'a\n1\n', {}, 'expected at least one column besides the target, found none'],
  ])('refuses %s', (_, text, options, message) => {
    expect(() => parseCsv(text, options)).toThrow(DataError);
    expect(() => parseCsv(text, options)).toThrow(message);
  });

  it('checks its options', () => {
    expect(() => parseCsv(flowers, { delimiter: '' })).toThrow('delimiter must be one character, such as ";", got ""');
    expect(() => parseCsv(flowers, { delimiter: '\n' })).toThrow('delimiter must be one character');
    expect(() => parseCsv(flowers, { header: 1 as never })).toThrow('header must be true or false, got 1');
    expect(() => parseCsv(flowers, { features: ['length', 'species'] })).toThrow(
      'column "species" is the target, so it can\'t be a feature too',
    );
    expect(() => parseCsv(flowers, { targets: 'x' } as never)).toThrow(
      'unknown option "targets". Did you mean "target"?',
    );
    expect(() => parseCsv(5 as never)).toThrow('parseCsv: expected text, got 5');
  });
});

describe('readCsv', () => {
  it('reads a file, and names it in errors', () => {
    const folder = folderWith({ 'good.csv': `\ufeff${flowers}`, 'bad.csv': 'a,b\n1,2\nx,3\n' });
    expect(readCsv(join(folder, 'good.csv'), { target: 'species' }).featureNames).toEqual(['length', 'width']);
    const bad = join(folder, 'bad.csv');
    expect(() => readCsv(bad)).toThrow(`readCsv: ${bad}: row 3, column "a": expected a number, found "x"`);
    const none = join(folder, 'none.csv');
    expect(() => readCsv(none)).toThrow(`readCsv: can't read ${none}: there is no such file`);
    expect(() => readCsv(bad, { head: true } as never)).toThrow(
      'readCsv: unknown option "head". Did you mean "header"?',
    );
  });
});
