#!/bin/sh
# Installs ctrlkit into .venv-try and judges the sample vendor that it ships. Nothing to start, nothing to configure.
#
#     sh scripts/try.sh            results go to runs/
#
# ctrlkit ends with 1 or 2 here by design: the sample vendor has weaknesses. This script ends with 0 if ctrlkit came to
# a verdict and left a bundle, with ctrlkit's own code otherwise, with 69 where something of the system is missing.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

need_python
install_missing
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say "Installing ctrlkit into .venv-try with $("$python" --version) ($python) …"
fresh_venv .venv-try "$python"
copy_sources "$work/ctrlkit"
pip_install .venv-try "$work/ctrlkit"

say ""
say '$ ctrlkit run --profile bpo-philippines'
code=0
.venv-try/bin/ctrlkit run --profile bpo-philippines --out runs --junit runs/junit.xml || code=$?

say ""
case $code in
    0 | 1 | 2 | 4) ;;
    *)
        say "ctrlkit ended with $code, which is no verdict: something went wrong above." >&2
        exit "$code"
        ;;
esac
bundle=runs/$(cat runs/latest)
(cd "$bundle" && sha256sum --quiet -c manifest-sha256.txt) || {
    say "the bundle $bundle does not agree with its own manifest" >&2
    exit 1
}
say "ctrlkit ended with $code: $(
    case $code in
        0) say "every control decided, none failed" ;;
        1) say "every control decided, some failed (a CI job would go red)" ;;
        2) say "some controls could not be decided (a CI job would go red)" ;;
        4) say "a sample never ends green" ;;
    esac
)."
say "  bundle   $bundle (agrees with its manifest)"
say "  report   $bundle/data/results/report.html"
say "  JUnit    runs/junit.xml"
say "  next     .venv-try/bin/ctrlkit explain MFA-01 · .venv-try/bin/ctrlkit replay runs/latest · .venv-try/bin/ctrlkit init desk"
