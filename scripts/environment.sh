# Sourced by the other scripts: makes the virtual environment .venv, with Python 3.11 or newer and nothing else.
# prepare_environment          what the program needs
# prepare_environment dev      … and what its tests need
# It does nothing when that was done before and pyproject.toml has not changed since.

prepare_environment() {
    wanted="$(cksum < pyproject.toml) ${1:-}"
    made="$(cat .venv/made-for 2> /dev/null || true)"
    if [ "$made" = "$wanted" ] || [ "$made" = "$wanted""dev" ]; then
        return
    fi
    python="$(find_python)"
    echo "Making the virtual environment .venv …"
    if command -v uv > /dev/null; then
        [ -x .venv/bin/python ] || uv venv --quiet --python "$python" .venv
        uv pip install --quiet --python .venv/bin/python ${1:+--group "$1"} --editable .
        install="uv pip install --quiet --python .venv/bin/python"
    else
        if [ ! -x .venv/bin/python ]; then
            "$python" -m venv .venv || fail "Python's venv module is missing. On Debian: apt-get install python3-venv"
        fi
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
        .venv/bin/python -m pip install --quiet ${1:+--group "$1"} --editable .
        install=".venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade"
    fi
    if [ -n "${1:-}" ]; then
        # Read as data (tests/conformance/cases.py): what it depends on does not install any more.
        $install --no-deps --target .venv/autobahn "autobahntestsuite==25.10.1" ||
            echo "The cases of the Autobahn suite could not be had: their test will be skipped."
    fi
    echo "$wanted" > .venv/made-for
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
            echo "$name"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and was not found."
}

fail() {
    echo "$0: $*" >&2
    exit 1
}
