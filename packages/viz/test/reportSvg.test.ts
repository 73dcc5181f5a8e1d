import { expect, it } from 'vitest';
import { safeSvg } from '../src/reportSvg.ts';

const safe = (inside: string, attributes = '') =>
  safeSvg(`<svg viewBox="0 0 10 5"${attributes}>${inside}</svg>`, 'p-', 'a drawing');

it('shapes and texts stay, with a role and a label', () => {
  const html = safe('<g transform="scale(2)"><path d="M0,0L1,1"/><text x="1">a &lt; b</text></g>');
  expect(html).toContain('role="img"');
  expect(html).toContain('aria-label="a drawing"');
  expect(html).toContain('<path d="M0,0L1,1"');
  expect(html).toContain('a &lt; b');
  expect(html).toContain('--w:10px');
});

it('what runs or reaches out goes', () => {
  const html = safe(
    '<script>alert(1)</script><foreignObject><img src="x"/></foreignObject><image href="http://x/y.png"/>' +
      '<a href="http://x"><text>kept</text></a><use href="http://x#y"/><rect onclick="alert(1)" fill="url(http://x)" style="background:url(//x)"/>' +
      '<animate attributeName="href"/>',
    ' onload="alert(1)"',
  );
  expect(html).not.toMatch(/script|foreign|image|http|alert|animate|\/\/x/);
  expect(html).toContain('<text>kept</text>');
  expect(html).toContain('<use');
});

it('ids get a prefix, wherever they are named', () => {
  const html = safe('<defs><linearGradient id="a"/></defs><rect fill="url(#a)"/><use href="#a"/>');
  expect(html).toContain('<linearGradient id="p-a"');
  expect(html).toContain('fill="url(#p-a)"');
  expect(html).toContain('href="#p-a"');
});

it('rules are kept for the drawing alone', () => {
  expect(safe('<style>.x{fill:red}</style>')).toContain('<style>#p-drawing{.x{fill:red}}</style>');
  for (const rules of [
    '.x{} } body{display:none}{',
    '@import "x";',
    '.x{fill:url(#a)}',
    '.x{',
    '/* {',
    '.x{content:"\\3c"}',
  ]) {
    expect(safe(`<style>${rules}</style>`), rules).not.toContain('<style');
  }
});

it('what is no SVG is refused', () => {
  for (const text of ['', 'hello', '<p>hello</p>']) {
    expect(() => safeSvg(text, 'p-', 'x')).toThrow('report.svg: the drawing must be an <svg> element');
  }
});
