#!/bin/sh
# Builds the wheel, installs it into a clean environment, and tests what was installed.
# Usage: run.sh [folder for the environments, kept between runs; a temporary one when absent]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=${1:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"
work=$(CDPATH= cd -- "$work" && pwd)

# One environment builds and checks, the other has nothing but the wheel and what the tests use.
if [ ! -x "$work/tools/bin/maturin" ] || [ ! -x "$work/tools/bin/stubtest" ] ||
    ! ls "$work"/tools/lib/*/site-packages/yaml-stubs >/dev/null 2>&1; then
    python3 -m venv "$work/tools"
    "$work/tools/bin/pip" install --quiet "maturin>=1.9.4,<2" mypy pytest types-jsonschema types-PyYAML
fi
if [ ! -x "$work/clean/bin/jsonschema" ]; then
    python3 -m venv "$work/clean"
    "$work/clean/bin/pip" install --quiet pytest jsonschema pyyaml
fi

rm -rf "$work/wheels"
# The profile of the tests, so that the dependencies are shared with cargo's own runs.
"$work/tools/bin/maturin" build --quiet --profile dev --manifest-path "$here/../Cargo.toml" --out "$work/wheels"
for python in clean tools; do
    "$work/$python/bin/pip" install --quiet --force-reinstall --no-deps --no-index "$work"/wheels/byop-*.whl
done

# From outside the source tree, so that the installed package is the one that is imported.
cd "$work"
"$work/clean/bin/python" -m pytest -q -p no:cacheprovider -c "$here/../pyproject.toml" --rootdir "$here" "$here"
"$work/tools/bin/mypy" --no-error-summary --config-file "$here/../pyproject.toml" --cache-dir "$work/mypy" \
    "$here/../python/byop" "$here"
"$work/tools/bin/python" -m mypy.stubtest --concise byop._byop
echo "byop-py: all passed"
