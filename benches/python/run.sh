#!/bin/sh
# The figures of the Python package: builds the wheel as it is released and measures it in a clean environment.
# Usage: run.sh [folder that is kept between runs; a temporary one when absent] [figures...]
# Needs a Docker engine and tests/images/make.sh; leaves nothing on the engine.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
top=$(CDPATH= cd -- "$here/../.." && pwd)
work=${1:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
else
    shift
fi
mkdir -p "$work"
work=$(CDPATH= cd -- "$work" && pwd)
if [ ! -x "$work/env/bin/maturin" ]; then
    python3 -m venv "$work/env"
    "$work/env/bin/pip" install --quiet "maturin>=1.9.4,<2" docker==7.1.0 "rich>=13" "typer>=0.12"
fi
if [ -z "$(ls "$work"/wheels/byop-*.whl 2>/dev/null)" ]; then
    "$work/env/bin/maturin" build --quiet --release --manifest-path "$top/byop-py/Cargo.toml" --out "$work/wheels"
fi
"$work/env/bin/pip" install --quiet --force-reinstall --no-deps --no-index "$work"/wheels/byop-*.whl
cd "$work"
"$work/env/bin/python" "$here/figures.py" "$work"/wheels/byop-*.whl "$@"
