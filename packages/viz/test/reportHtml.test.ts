import { expect, it } from 'vitest';
import { definitions, either, escaped, figure, section, table } from '../src/reportHtml.ts';

it('texts are escaped, in elements and in attributes', () => {
  expect(escaped(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
});

it('tables show numbers in four digits, to the right, and texts as they are', () => {
  expect(
    table(
      ['<who>', 'n'],
      [
        ['<b>', 0.123456],
        ['c', 12],
      ],
    ),
  ).toBe(
    '<div class="scroll"><table><thead><tr><th scope="col">&lt;who&gt;</th><th scope="col" class="n">n</th></tr></thead><tbody>' +
      '<tr><td class="w">&lt;b&gt;</td><td class="n">0.1235</td></tr><tr><td class="w">c</td><td class="n">12</td></tr>' +
      '</tbody></table></div>',
  );
});

it('a figure has its title, a legend of several, its explanation and its numbers', () => {
  const legend = [
    { name: '<a>', colour: 0 },
    { name: 'b', colour: 9, other: true, faint: true },
  ];
  const html = figure('<svg/>', { title: '<t>', caption: 'c & d', table: '<table></table>', legend, wide: true });
  expect(html).toBe(
    '<figure class="card wide"><figcaption>&lt;t&gt;</figcaption><svg/>' +
      '<ul class="legend"><li class="k0">&lt;a&gt;</li><li class="k1 other faint">b</li></ul>' +
      '<p class="caption">c &amp; d</p><details><summary>Numbers</summary><table></table></details></figure>',
  );
  expect(figure('x', { title: 't', legend: [legend[0]!] })).toBe(
    '<figure class="card"><figcaption>t</figcaption>x</figure>',
  );
});

it('sections, definitions and choices', () => {
  expect(section('a"b', '<t>', '<p></p>')).toBe('<section id="a&quot;b"><h2>&lt;t&gt;</h2><p></p></section>');
  expect(definitions([['<a>', '&']])).toBe('<dl><dt>&lt;a&gt;</dt><dd>&amp;</dd></dl>');
  expect(
    either('x', [
      ['one', '<i></i>'],
      ['two', '<b></b>'],
    ]),
  ).toBe(
    '<div class="either"><input type="radio" name="x" id="x-0" checked><label for="x-0">one</label>' +
      '<input type="radio" name="x" id="x-1"><label for="x-1">two</label>' +
      '<div class="choice"><i></i></div><div class="choice"><b></b></div></div>',
  );
});
