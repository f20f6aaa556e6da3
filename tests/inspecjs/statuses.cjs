// Reads HDF files as Heimdall does: for each file named, one JSON line of control id -> status.
"use strict";

const fs = require("node:fs");
const { contextualizeEvaluation, convertFile } = require("inspecjs");

for (const path of process.argv.slice(2)) {
  const evaluation = contextualizeEvaluation(convertFile(fs.readFileSync(path, "utf8"))["1_0_ExecJson"]);
  const controls = evaluation.contains.flatMap((profile) => profile.contains);
  console.log(JSON.stringify(Object.fromEntries(controls.map((control) => [control.data.id, control.hdf.status]))));
}
