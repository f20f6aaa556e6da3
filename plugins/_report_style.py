"""The style sheet of the HTML report: light and dark, on screen and on paper; text contrast is 4.5 to 1 or better."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f8fa; --ink: #1b1f24; --quiet: #57606a; --rule: #d0d7de;
  --failed: #b01c24; --error: #7a2aa8; --inconclusive: #875400; --passed: #17692e; --waived: #0f5f86; --none: #57606a; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #0f1419; --panel: #182028; --ink: #e4e8ec; --quiet: #a3adb8; --rule: #38424d;
  --failed: #ff8f8a; --error: #d7a3ff; --inconclusive: #f0b64a; --passed: #6fd08c;
  --waived: #7cc4ee; --none: #a3adb8; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0 .25rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; }
h3 { font-size: 1.1rem; margin: 0 0 .3rem; }
h4 { font-size: 1rem; margin: 1rem 0 .2rem; }
p, ul, ol, dl { margin: .3rem 0 .6rem; }
.quiet, caption { color: var(--quiet); font-weight: 400; }
dfn { font-style: italic; }
.banner { border: 3px solid var(--inconclusive); color: var(--inconclusive); font-weight: 700; padding: .5rem .8rem;
  margin: 0 0 .6rem; }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; list-style: none; padding: 0; margin: .7rem 0; }
.counts li { background: var(--panel); border: 1px solid var(--rule); border-top: 4px solid; padding: .2rem .8rem;
  min-width: 7rem; }
.counts b { display: block; font-size: 1.5rem; line-height: 1.2; }
.first-screen { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }
.first-screen h2 { margin: .8rem 0 .4rem; font-size: 1.15rem; }
.first-screen dl { grid-template-columns: 6rem 1fr; }
.first-screen dd ul { margin: 0; padding-left: 1.1rem; }
.failed { color: var(--failed); } .error { color: var(--error); } .inconclusive { color: var(--inconclusive); }
.passed { color: var(--passed); } .waived { color: var(--waived); } .not_applicable { color: var(--none); }
.verdict { white-space: nowrap; overflow-wrap: normal; font-weight: 700; text-transform: uppercase; font-size:
  .85rem; letter-spacing: .03em; }
.first { padding-left: 1.4rem; }
.first li { margin-bottom: .4rem; line-height: 1.4; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: .5rem 0; margin: 1rem 0 0;
  border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .8rem 1rem; border: 1px solid var(--rule); background: var(--panel); min-width: 0; }
figure:first-child { grid-row: span 2; }
figure > svg { display: block; width: 100%; max-width: 32rem; height: auto; margin: .4rem 0; }
figcaption, figure p { font-size: .93rem; margin: 0; }
.plots + h3 { margin-top: 1.2rem; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg text.inside { fill: var(--paper); font-weight: 700; }
svg rect { stroke: var(--panel); stroke-width: 1; }
svg .ground { stroke: var(--quiet); }
svg .limit { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 3; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; padding: 0; margin: 0; font-size: .9rem; }
.legend svg { width: .8rem; height: .8rem; margin-right: .35rem; }
.tone-good, .tone-passed { fill: var(--passed); }
.tone-bad, .tone-critical, .tone-failed { fill: var(--failed); }
.tone-high, .tone-inconclusive { fill: var(--inconclusive); }
.tone-medium, .tone-waived { fill: var(--waived); }
.tone-error { fill: var(--error); }
.tone-low, .tone-plain, .tone-not_applicable { fill: var(--none); }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; background: var(--panel); padding: .6rem;
  border: 1px solid var(--rule); margin: .5rem 0; }
form > span { display: flex; align-items: center; gap: .4rem; max-width: 100%; }
form select, form input { min-width: 0; }
input, select, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--quiet);
  padding: .25rem .5rem; border-radius: 3px; max-width: 100%; min-height: 2rem; }
button { cursor: pointer; }
th button { border: 0; padding: 0 .2rem 0 0; background: none; font-weight: 700; text-align: left; }
th[aria-sort] button::after { content: " ↑"; }
th[aria-sort="descending"] button::after { content: " ↓"; }
section.control { border: 1px solid var(--rule); border-left-width: 5px; padding: .6rem 1rem; margin: 0 0 .8rem;
  content-visibility: auto; contain-intrinsic-size: auto 30rem; scroll-margin-top: .5rem; }
section.control.passed, section.control.not_applicable { contain-intrinsic-size: auto 3rem; }
section.control.failed, section.control.error, section.control.inconclusive, section.control.passed,
  section.control.waived,
section.control.not_applicable { border-left-color: currentColor; }
section.control > * { color: var(--ink); }
summary { cursor: pointer; }
summary h3 { display: inline; }
.counts + .more > summary { padding: 0; font-size: .93rem; }
.more > summary, figure summary { color: var(--quiet); padding: .3rem 0; }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 .8rem; font-size: .93rem; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); padding: .3rem .6rem .3rem 0; }
td.number, th.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:target, section:target { background: var(--panel); outline: 2px solid var(--waived); outline-offset: -2px; }
.scroll { overflow-x: auto; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .1rem 1rem; }
dt { color: var(--quiet); } dd, dd p { margin: 0; min-width: 0; }
code { overflow-wrap: anywhere; font: .88em/1.4 ui-monospace, monospace; }
abbr { white-space: nowrap; text-decoration: none; font-family: ui-monospace, monospace; font-size: .92em; }
a { color: inherit; }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible,
  .scroll:focus-visible { outline: 3px solid var(--waived); outline-offset: 2px; }
@media (max-width: 40rem) { body { padding: .6rem .8rem 3rem; } dl, .first-screen dl { grid-template-columns: 1fr; }
  dd { margin: 0 0 .3rem; } h1 { font-size: 1.5rem; }
  .counts { gap: .4rem; } .counts li { min-width: 6.2rem; flex: 1; padding: .1rem .4rem; font-size: .9rem; }
  section.control { padding: .5rem .6rem; }
  td .verdict { white-space: normal; font-size: .75rem; } figure { padding: .6rem; } }
@page { margin: 14mm 12mm; }
@media print { :root { color-scheme: light;
  --paper: #ffffff; --panel: #ffffff; --ink: #000000; --quiet: #444444; --rule: #999999;
  --failed: #98141b; --error: #63208a; --inconclusive: #6b4300; --passed: #125425; --waived: #0b4a69; --none: #444444; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  nav, form { display: none !important; }
  section.control { content-visibility: visible; }
  section.control > details::details-content { content-visibility: visible; height: auto; }
  #plots { break-before: page; }
  .plots { grid-template-columns: 1fr 1fr; }
  h2, h3, h4, caption, summary, dt { break-after: avoid; }
  tr, figure, .first li { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  svg rect, svg .limit { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .counts li { border-width: 1px; } }
"""
