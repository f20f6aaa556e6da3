# shellcheck shell=sh
# Shell functions that try.sh and test.sh share: what of the system is needed, which Python, a clean copy of the sources.
# To be read with `.` from the top of the checkout; POSIX sh.

say() { printf '%s\n' "$*"; }

# stop WHY…: the last words of a script that lacks something of the system.
stop() {
    say "$*" >&2
    exit 69
}

missing=
packages=

# need WHAT PACKAGE…: remembers that something is missing, and the Debian packages that bring it.
need() {
    missing="$missing, $1"
    shift
    packages="$packages $*"
}

# need_command COMMAND PACKAGE
need_command() { command -v "$1" >/dev/null 2>&1 || need "the command $1" "$2"; }

# usable PYTHON: it runs, is 3.11 or newer, and can make a virtual environment with pip in it.
usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# find_python: sets $python to the first usable one, or fails.
find_python() {
    for python in python3.11 python3.12 python3.13 python3 /usr/bin/python3; do
        usable "$python" && return 0
    done
    return 1
}

# find_other VERSION: sets $other to a usable Python of that version, from PATH, pyenv or uv, or fails.
find_other() {
    for other in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python \
        "$(uv python find --no-python-downloads "$1" 2>/dev/null)"; do
        usable "$other" && return 0
    done
    return 1
}

# need_postgresql: its server, which Debian keeps off the PATH.
need_postgresql() {
    for server in /usr/lib/postgresql/*/bin/postgres "$(command -v postgres)"; do
        [ -x "$server" ] && return 0
    done
    need "the server of PostgreSQL" postgresql
}

need_python() { find_python || need "Python 3.11 or newer with venv" python3 python3-venv ca-certificates; }

# install_missing: installs all that is needed, or says exactly what is missing and stops.
install_missing() {
    if [ -n "$missing" ]; then
        if [ "$(id -u)" = 0 ]; then
            as_root=
        elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            as_root="sudo -n"
        else
            as_root=refused
        fi
        by_hand="as root: apt-get update && apt-get install -y$packages"
        command -v apt-get >/dev/null 2>&1 || stop "missing: ${missing#, }. No apt-get here: install them and try again."
        [ "$as_root" != refused ] || stop "missing: ${missing#, }. This user may not install packages; $by_hand"
        say "Installing$packages (missing: ${missing#, }) …"
        $as_root apt-get update -qq >/dev/null || stop "missing: ${missing#, }. apt-get update failed; $by_hand"
        # shellcheck disable=SC2086 # one word for each package
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >/dev/null ||
            stop "missing: ${missing#, }. apt-get install failed; $by_hand"
    fi
    find_python || stop "missing: Python 3.11 or newer with venv; python3 here is: $(python3 --version 2>&1)"
}

# copy_sources FOLDER: what a fresh clone would hold, so that a build leaves nothing here and takes nothing stale along.
copy_sources() {
    mkdir -p "$1"
    tar -c -f - --exclude=./.git --exclude='./.venv*' --exclude=./.nox --exclude=./build --exclude=./dist \
        --exclude=./runs --exclude=./.hypothesis --exclude='./.*_cache' --exclude='*.egg-info' --exclude=__pycache__ . |
        tar -x -f - -C "$1"
}

# pip_install VENV WHAT…
pip_install() {
    venv=$1
    shift
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --root-user-action=ignore "$@"
}

# fresh_venv FOLDER PYTHON
fresh_venv() { "$2" -m venv --clear "$1" && pip_install "$1" --upgrade pip; }
