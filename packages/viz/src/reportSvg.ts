import { ArgumentError } from '@ndgrad/core';
import { DOMParser } from 'linkedom';

const elements = new Set(
  (
    'svg g path line polyline polygon rect circle ellipse text tspan title desc defs marker symbol use stop ' +
    'linearGradient radialGradient clipPath mask pattern'
  ).split(' '),
);

interface Element {
  readonly tagName: string;
  readonly children: Iterable<Element>;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  readonly outerHTML: string;
  textContent: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  replaceWith(...nodes: unknown[]): void;
  remove(): void;
}

/**
 * A drawing as a part of a page: what runs, reaches out or styles the rest of the page is left out, and ids get a
 * `prefix`, so that those of two drawings do not meet.
 * @throws ArgumentError for what is no SVG
 */
export function safeSvg(svg: string, prefix: string, label: string): string {
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml') as unknown as {
    documentElement: Element | null;
  };
  const root = document.documentElement;
  if (root?.tagName !== 'svg') throw new ArgumentError('report.svg: the drawing must be an <svg> element');
  clean(root, prefix);
  root.setAttribute('role', 'img');
  root.setAttribute('aria-label', label);
  return `<div class="drawing" id="${prefix}drawing" style="--w:${widthOf(root)}px">${root.outerHTML}</div>`;
}

/** In pixels; a drawing's own unit may be the larger point. */
function widthOf(root: Element): number {
  const [, , width] = (root.getAttribute('viewBox') ?? '').split(/[ ,]+/).map(Number);
  return Math.round(Number.isFinite(width) ? width! : 640);
}

function clean(element: Element, prefix: string): void {
  for (const { name, value } of [...element.attributes]) {
    const safe = safeAttribute(name, value, prefix);
    if (safe === null) element.removeAttribute(name);
    else if (safe !== value) element.setAttribute(name, safe);
  }
  for (const child of [...element.children]) {
    if (child.tagName === 'a') child.replaceWith(...child.children);
  }
  for (const child of [...element.children]) {
    if (child.tagName === 'style') restyle(child, prefix);
    else if (elements.has(child.tagName)) clean(child, prefix);
    else child.remove();
  }
}

/** Rules are kept for the drawing alone: nested below it. What could end the nesting or reach out is left out. */
function restyle(style: Element, prefix: string): void {
  const rules = style.textContent;
  let depth = 0;
  const isClosed = [...rules].every((character) => {
    depth += character === '{' ? 1 : character === '}' ? -1 : 0;
    return depth >= 0;
  });
  if (!isClosed || depth !== 0 || /[@<\\]|url\(|\/\*/i.test(rules)) style.remove();
  else style.textContent = `#${prefix}drawing{${rules}}`;
}

/** `null` for what does not stay. */
function safeAttribute(name: string, value: string, prefix: string): string | null {
  if (/^on/i.test(name)) return null;
  if (name === 'id') return prefix + value;
  if (/href$/i.test(name)) return value.startsWith('#') ? `#${prefix}${value.slice(1)}` : null;
  const local = value.replace(/url\(\s*['"]?#([^)'"]+)['"]?\s*\)/gi, `url(#${prefix}$1)`);
  return /url\((?!#)|@import|javascript:|expression\(/i.test(local) ? null : local;
}
