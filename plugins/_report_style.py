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
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0 .25rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; }
h3 { font-size: 1.1rem; margin: 0 0 .3rem; }
h4 { font-size: 1rem; margin: 1rem 0 .2rem; }
p, ul, ol, dl { margin: .3rem 0 .6rem; }
.quiet, caption { color: var(--quiet); }
.banner { border: 3px solid var(--inconclusive); color: var(--inconclusive); font-weight: 700; padding: .5rem .8rem;
  margin: 0 0 .6rem; }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; list-style: none; padding: 0; margin: 1rem 0; }
.counts li { background: var(--panel); border: 1px solid var(--rule); border-top: 4px solid; padding: .4rem .8rem;
  min-width: 7rem; }
.counts b { display: block; font-size: 1.6rem; line-height: 1.2; }
.failed { color: var(--failed); } .error { color: var(--error); } .inconclusive { color: var(--inconclusive); }
.passed { color: var(--passed); } .waived { color: var(--waived); } .not_applicable { color: var(--none); }
.verdict { white-space: nowrap; overflow-wrap: normal; font-weight: 700; text-transform: uppercase; font-size:
  .85rem; letter-spacing: .03em; }
.first li { margin-bottom: .5rem; }
section.control { border: 1px solid var(--rule); border-left-width: 5px; padding: .8rem 1rem; margin: 0 0 1rem; }
section.control.failed, section.control.error, section.control.inconclusive, section.control.passed,
  section.control.waived,
section.control.not_applicable { border-left-color: currentColor; }
section.control > * { color: var(--ink); }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 .8rem; font-size: .93rem; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); padding: .3rem .6rem .3rem 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow-x: auto; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .1rem 1rem; }
dt { color: var(--quiet); } dd, dd p { margin: 0; }
code { overflow-wrap: anywhere; font: .88em/1.4 ui-monospace, monospace; }
abbr { white-space: nowrap; text-decoration: none; font-family: ui-monospace, monospace; font-size: .92em; }
a { color: inherit; }
a:focus-visible { outline: 3px solid var(--waived); outline-offset: 2px; }
@media (max-width: 40rem) { body { padding: .6rem .8rem 3rem; } dl { grid-template-columns: 1fr; } dd { margin: 0 0
  .3rem; } }
@media print { :root { color-scheme: light;
  --paper: #ffffff; --panel: #ffffff; --ink: #000000; --quiet: #444444; --rule: #999999;
  --failed: #98141b; --error: #63208a; --inconclusive: #6b4300; --passed: #125425; --waived: #0b4a69; --none: #444444; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3, h4, caption { break-after: avoid; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .counts li { border-width: 1px; } }
"""
