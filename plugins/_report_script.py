"""The script of the HTML report: it filters and sorts the table of controls; without it the page says as much."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

SCRIPT: Final = """
"use strict";
(function () {
  var table = document.getElementById("controls");
  if (!table) { return; }
  var body = table.tBodies[0], rows = Array.from(body.rows), form = document.getElementById("filter");
  var said = document.getElementById("shown"), fields = ["verdict", "severity", "domain"];
  function apply() {
    var words = form.elements.words.value.toLowerCase().split(/\\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var fits = fields.every(function (name) {
        var wanted = form.elements[name].value;
        return wanted === "*" || row.dataset[name] === wanted;
      }) && words.every(function (word) { return text.indexOf(word) >= 0; });
      row.hidden = !fits;
      var section = document.getElementById(row.dataset.section);
      if (section) { section.hidden = !fits; }
      shown += fits ? 1 : 0;
    });
    document.querySelectorAll("main > h2[data-group]").forEach(function (heading) {
      var next = heading.nextElementSibling, any = false;
      while (next && next.matches("section.control")) { any = any || !next.hidden; next = next.nextElementSibling; }
      heading.hidden = !any;
    });
    said.textContent = shown + " of " + rows.length + " shown";
  }
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.querySelector("button").addEventListener("click", function () { form.reset(); apply(); });
  Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    // Chromium repeats the head of a table on each sheet only where it holds nothing to press
    window.addEventListener("beforeprint", function () { head.replaceChildren(button.textContent); });
    window.addEventListener("afterprint", function () { head.replaceChildren(button); });
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      Array.from(table.tHead.rows[0].cells).forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      function key(row) {
        var cell = row.cells[column], rank = cell.dataset.rank;
        return rank === undefined ? cell.textContent : Number(rank);
      }
      rows.map(function (row) { return [key(row), row]; }).sort(function (a, b) {
        var order = a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
        return down ? -order : order;
      }).forEach(function (pair) { body.appendChild(pair[1]); });
    });
  });
  function reveal() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) { return; }
    if (target.hidden) { form.reset(); apply(); }
    if (target.matches("section.control")) { target.firstElementChild.open = true; }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  apply();
  reveal();
}());
"""


def source_hash(text: str) -> str:
    """The word by which a Content-Security-Policy allows this very text, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
