#!/bin/sh
# Installs ctrlkit and passes its tests: builds the wheel, then ruff, mypy, the wheel and an editable install side by
# side, the documentation, and pytest against the wheel; on Python 3.11 or newer, and again on 3.13 where there is one.
#
#     sh scripts/test.sh           everything; CI calls exactly this
#
# Ends with 0 if all of it passed, 1 if something failed, 69 where something of the system is missing.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
# Nothing of the caller's environment may put the checkout on the path or change what pytest does.
unset PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTEST_ADDOPTS PYTEST_PLUGINS CTRLKIT_ENGAGEMENT_KEY CTRLKIT_TRIALS

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=

# step NAME COMMAND…: runs it; a failure is remembered, and the other steps still run.
step() {
    name=$1; shift
    say ""
    say "== $name"
    "$@" || { failed="$failed, $name"; say "== failed: $name"; }
}

# judge_sample VENV NAME: what the installed ctrlkit lists and decides, for comparison, in $work/NAME.
judge_sample() (
    program=$PWD/$1/bin/ctrlkit
    mkdir -p "$work/$2" "$work/runs-$2"
    cd "$work/$2" || exit 1
    for what in controls kinds adapters profiles plugins; do
        "$program" list "$what" --format json >"list-$what.json" || exit 1
    done
    code=0
    "$program" run --profile bpo-philippines --out "../runs-$2" >"../runs-$2.txt" 2>&1 || code=$?
    echo "$code" >exit.txt
    cp "../runs-$2/$(cat "../runs-$2/latest")/data/results/results.ndjson" . || { cat "../runs-$2.txt"; exit 1; }
)

# same_answers NAME NAME: two installs listed and decided the same, byte for byte.
same_answers() { diff -r "$work/$1" "$work/$2" && say "$1 and $2: the same lists, the same results"; }

# try_editable VENV: an editable install answers as the wheel does, and sees a new file at once.
try_editable() (
    program=$PWD/$1/bin/ctrlkit
    pip_install "$1" --no-deps -e "$work/ctrlkit" || exit 1
    judge_sample "$1" editable || exit 1
    printf 'name: just-written\ntitle: Just written\n' >"$work/ctrlkit/profiles/just-written.yaml"
    (cd "$work" && "$program" list profiles --format json) | grep -q just-written ||
        { say "a profile written after the editable install was not seen"; exit 1; }
)

# test_wheel VENV: the whole suite.
test_wheel() { CTRLKIT_WHEEL="$wheel" "$1/bin/pytest" -n 2; }

# test_wheel_again VENV: the suite on another Python, without what other programs do and without the datasets of controls:
# that both Pythons come to the same results over the whole profile is seen before.
test_wheel_again() {
    left_out=
    for part in clients collect_hostile controls docs faults fleet injuries report_browser samples_end_to_end spark; do
        left_out="$left_out --ignore tests/test_$part.py"
    done
    # shellcheck disable=SC2086  several words
    CTRLKIT_WHEEL="$wheel" "$1/bin/pytest" -n 2 $left_out
}

need_python
need_command git git
need_command jq jq
need_command openssl openssl
need_command sshd openssh-server
need_command ssh openssh-client
need_command busybox busybox
need_command ps procps
need_command chromium chromium
need_command npm npm
need_command java default-jre-headless
need_command setpriv util-linux
need_postgresql
install_missing

say "== wheel, with $("$python" --version) ($python)"
copy_sources "$work/ctrlkit"
fresh_venv .venv-test "$python"
.venv-test/bin/python -m pip wheel -q --disable-pip-version-check --no-deps -w "$work/dist" "$work/ctrlkit"
wheel=$(echo "$work"/dist/ctrlkit-*.whl)
pip_install .venv-test "${wheel}[dev]"

step "ruff check" .venv-test/bin/ruff check --output-format concise .
step "ruff format" .venv-test/bin/ruff format --check .
step "mypy --strict" .venv-test/bin/mypy
step "editable install" try_editable .venv-test
pip_install .venv-test --no-deps --force-reinstall "$wheel"
step "wheel install" judge_sample .venv-test wheel
step "wheel and editable install agree" same_answers wheel editable
step "docs" .venv-test/bin/sphinx-build -q -n -W --keep-going "$work/ctrlkit/docs" "$work/site"
step "tests of the wheel" test_wheel .venv-test

if find_other 3.13; then
    fresh_venv .venv-test-3.13 "$other"
    pip_install .venv-test-3.13 "${wheel}[test]"
    step "Python 3.13" judge_sample .venv-test-3.13 3.13
    step "both Pythons agree" same_answers wheel 3.13
    step "tests of the wheel, $("$other" --version)" test_wheel_again .venv-test-3.13
else
    say ""
    say "== no Python 3.13 on the PATH, in pyenv or in uv: tested on $("$python" --version) only"
fi

say ""
if [ -n "$failed" ]; then
    say "FAILED: ${failed#, }"
    exit 1
fi
say "all passed"
