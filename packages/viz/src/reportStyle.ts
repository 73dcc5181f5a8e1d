/** The page's style: light and dark, on screens of any width and on paper. Its colours are told apart by the colour-blind. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #5a6572; --line: #dfe3e8; --accent: #0b62a8;
  --good: rgb(0 158 115 / .13); --good-line: #00805d; --ridge: #3b78b0; --cell: 11 98 168; --wrong: 194 74 0; --full: #fff;
  --c0: #0072b2; --c1: #c84e00; --c2: #00875f; --c3: #a2519c; --c4: #9a7400; --c5: #3d97d0; --c6: #5c6670; --c7: #7c4a2a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --diverging: url(#diverging-dark);
    --page: #101418; --card: #191f25; --ink: #e6eaee; --soft: #9aa6b2; --line: #2e3740; --accent: #7ab8f0;
    --good: rgb(63 201 160 / .16); --good-line: #3fc9a0; --ridge: #6ba9dd; --cell: 62 122 178; --wrong: 230 120 50; --full: var(--ink);
    --c0: #6bb3f0; --c1: #ff9a55; --c2: #3fc9a0; --c3: #e09ad8; --c4: #e3bd4a; --c5: #a6dcff; --c6: #aab4be; --c7: #d0a27c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
header, main, footer, nav { max-width: 1160px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 44px 0 12px; padding-top: 10px; border-top: 1px solid var(--line); }
section.own { margin: 44px 0 0; padding-top: 18px; border-top: 1px solid var(--line); }
h3 { font-size: 15px; margin: 26px 0 10px; }
p { margin: 0 0 10px; }
a { color: var(--accent); }
code, pre { font: 13px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.command { display: block; padding: 8px 12px; margin: 10px 0 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere; }
.command::before { content: "$ "; color: var(--soft); }
.when { color: var(--soft); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; margin: 16px 0 0; font-size: 14px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 10px; margin: 0 0 14px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.tile b { display: block; white-space: nowrap; font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.tile span { color: var(--soft); font-size: 13px; }
.tile i { display: block; font-style: normal; font-size: 12px; color: var(--soft); }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); grid-auto-flow: dense; gap: 14px; margin-bottom: 14px; }
.card { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; position: relative; }
.wide { grid-column: 1 / -1; }
figcaption { font-weight: 600; margin-bottom: 4px; }
.caption { color: var(--soft); font-size: 13px; margin: 8px 0 0; }
svg { display: block; max-width: 100%; height: auto; margin: 0 auto; font-family: inherit; --plot-background: var(--card); }
svg text { white-space: pre; }
.drawing { overflow-x: auto; }
.drawing svg { max-width: none; width: clamp(.65 * var(--w), 100%, var(--w)); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0 0 2px; padding: 0; font-size: 13px; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: 16px; height: 0; margin-right: 6px; vertical-align: 4px; border-top: 3px solid currentColor; color: var(--k); }
.legend li.other::before { border-top-style: dashed; }
.legend li.faint::before { opacity: .4; border-top-width: 1px; }
.k0 { --k: var(--c0); } .k1 { --k: var(--c1); } .k2 { --k: var(--c2); } .k3 { --k: var(--c3); }
.k4 { --k: var(--c4); } .k5 { --k: var(--c5); } .k6 { --k: var(--c6); } .k7 { --k: var(--c7); }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 10px 14px; }
.panel svg { width: 100%; max-width: 280px; margin: 0; }
.panel { margin: 0; min-width: 0; }
.panel h4 { font-size: 13px; font-weight: 500; margin: 4px 0 0; overflow-wrap: anywhere; }
.panel h4 small { display: block; color: var(--soft); font-weight: 400; }
.either { display: flex; flex-wrap: wrap; justify-content: flex-end; margin-top: -26px; }
.either > input { position: absolute; opacity: 0; }
.either > label { font-size: 12px; padding: 1px 10px; border: 1px solid var(--line); cursor: pointer; color: var(--soft); }
.either > label:nth-of-type(1) { border-radius: 6px 0 0 6px; }
.either > label:nth-of-type(2) { border-radius: 0 6px 6px 0; }
.either > input:checked + label { background: var(--accent); border-color: var(--accent); color: var(--card); }
.either > input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: 2px; }
.either > .choice { flex: 0 0 100%; min-width: 0; display: none; margin-top: 4px; }
.either > input:nth-of-type(1):checked ~ .choice:nth-of-type(1), .either > input:nth-of-type(2):checked ~ .choice:nth-of-type(2) { display: block; }
details { margin-top: 8px; font-size: 13px; }
summary { cursor: pointer; color: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 6px 0; }
th, td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: top; }
th { color: var(--soft); font-weight: 500; }
.n { text-align: right; }
.n, .w { white-space: nowrap; }
.confusion { margin: 4px auto; }
.confusion td, .confusion th { text-align: center; padding: 4px 6px; min-width: 34px; border: 1px solid var(--card); }
.confusion tbody th { text-align: right; }
.confusion td { background: rgb(var(--cell) / calc(.9 * var(--v) * var(--v))); }
.confusion td.wrong { background: rgb(var(--wrong) / calc(.8 * var(--v))); }
.confusion td.zero { background: none; color: var(--line); }
.confusion caption { white-space: nowrap; }
.confusion caption, .axis { color: var(--soft); font-size: 13px; caption-side: top; padding-bottom: 4px; }
.pictures { display: flex; flex-wrap: wrap; gap: 10px; }
.pictures figure { margin: 0; width: 84px; text-align: center; font-size: 12px; line-height: 1.35; color: var(--soft); }
.pictures figure b { color: var(--ink); font-weight: 600; }
img { image-rendering: pixelated; }
.pictures img { width: 84px; height: auto; border-radius: 4px; display: block; margin-bottom: 3px; background: #000; }
.sheet { max-width: 100%; height: auto; display: block; margin: 0 auto; border-radius: 4px; }
.diverging { filter: var(--diverging, url(#diverging)); }
.full { color: var(--full); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 16px; text-align: center; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 18px; margin: 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.note { border-left: 3px solid var(--c1); padding-left: 12px; color: var(--soft); }
footer { color: var(--soft); font-size: 13px; padding-top: 30px; padding-bottom: 40px; }
@media (max-width: 820px) { .grid { grid-template-columns: minmax(0, 1fr); } }
@media print {
  :root { color-scheme: light; }
  body { background: none; font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav, summary, .either > label { display: none; }
  .card { break-inside: avoid; }
  .drawing svg { max-width: 100%; }
  h2 { break-after: avoid; }
  header, main, footer { max-width: none; padding: 0; }
}
`;
