/** Style of a report: light and dark, wide and narrow. @module */
import { DARK, LIGHT, seriesStyle } from "./series.ts";

/** The page's style sheet. */
export const REPORT_STYLE: string = `
:root { color-scheme: light dark; --paper: #fff; --ink: #16181d; --soft: #565d6b; --line: #d5d9e0; --card: #f6f7f9; --accent: #0a58ca; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --ink: #e8eaee; --soft: #a2a9b6; --line: #3a404b; --card: #1d2026; --accent: #7ab0ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
p { max-width: 44rem; margin: .5rem 0; }
a { color: var(--accent); }
.status { border-left: 4px solid var(--accent); padding: .25rem .75rem; background: var(--card); max-width: none; }
.status.unfinished { border-color: #d55e00; }
.scroll { overflow-x: auto; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .2rem .7rem .2rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; white-space: normal; vertical-align: bottom; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; font-size: .9rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.charts, .samples { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.charts svg { width: 100%; height: auto; }
.paper { fill: var(--paper); } .ink { fill: var(--ink); } .grid { stroke: var(--line); } .dot { fill: var(--ink); fill-opacity: .4; }
${seriesStyle(LIGHT)}
@media (prefers-color-scheme: dark) { ${seriesStyle(DARK)} }
article { scroll-margin-top: 6rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; min-width: 0; }
article p { margin: .15rem 0 .5rem; font-size: .85rem; color: var(--soft); }
.pair { display: flex; gap: .75rem; }
figure { margin: 0; flex: 1; min-width: 0; }
figcaption { font-size: .8rem; color: var(--soft); }
.film { display: block; width: 100%; max-width: 12rem; object-fit: cover; image-rendering: pixelated; background: #808080; border-radius: 3px; }
label { display: block; margin-top: .5rem; font-size: .9rem; }
input[type=range] { width: 100%; accent-color: var(--accent); }
output { font-variant-numeric: tabular-nums; }
.all { position: sticky; top: 0; z-index: 1; background: var(--paper); padding: .25rem 0 .5rem; border-bottom: 1px solid var(--line); margin-bottom: 1rem; }
.heat { position: relative; margin-top: .5rem; }
.heat img { display: block; width: 100%; height: 6rem; image-rendering: pixelated; }
.heat .now { position: absolute; left: -3px; right: -3px; border: 2px solid var(--ink); pointer-events: none; }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .85rem; align-items: center; }
.key i { display: inline-block; width: 1em; height: 1em; vertical-align: -.15em; margin-right: .3em; border: 1px solid var(--line); }
details { margin: .5rem 0; font-size: .85rem; }
summary { cursor: pointer; }
pre { overflow-x: auto; background: var(--card); padding: .75rem; border-radius: 6px; }
@media print { .all { display: none; } article { break-inside: avoid; } }
`;
