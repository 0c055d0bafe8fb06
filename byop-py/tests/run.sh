#!/bin/sh
# Builds the wheel, installs it into a clean environment, and tests what was installed.
# Usage: run.sh [folder for the environments, kept between runs; a temporary one when absent]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
top=$(CDPATH= cd -- "$here/../.." && pwd)
work=${1:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'wait; rm -rf "$work"' EXIT
fi
mkdir -p "$work"
work=$(CDPATH= cd -- "$work" && pwd)

# An environment with these packages, of this interpreter; made anew when the list changes.
environment() {
    if [ "$(cat "$work/$1/packages" 2>/dev/null)" != "$2" ]; then
        rm -rf "${work:?}/$1"
        "${3:-python3}" -m venv "$work/$1"
        # shellcheck disable=SC2086
        "$work/$1/bin/pip" install --quiet $2
        echo "$2" >"$work/$1/packages"
    fi
}

# One environment builds and checks, the other has nothing but the wheel, what it needs and what the tests use.
tests="pytest jsonschema pyyaml fastapi httpx2 matplotlib pdoc rich>=13 typer>=0.12 typing-extensions>=4.6;python_version<'3.12'"
environment clean "$tests"
environment tools "maturin>=1.9.4,<2 mypy pyright[nodejs] ruff types-jsonschema types-PyYAML $tests"

rm -rf "$work/wheels"
# The profile of the tests, so that the dependencies are shared with cargo's own runs.
"$work/tools/bin/maturin" build --quiet --profile dev --manifest-path "$here/../Cargo.toml" --out "$work/wheels"
for python in clean tools; do
    "$work/$python/bin/pip" install --quiet --force-reinstall --no-deps --no-index "$work"/wheels/byop-*.whl
done

# From outside the source tree, so that the installed package is the one that is imported.
cd "$work"
# What is missing is a failure here, not a skip.
export BYOP_REQUIRE="${BYOP_REQUIRE:-docker}"

# The same wheel on the other versions that this machine has: all but the engine, which does not know the difference.
others() {
    own=$("$work/clean/bin/python" -c 'import sys; print(sys.version_info.minor)')
    for minor in 10 11 12 13 14; do
        for python in "python3.$minor" "$HOME/.pyenv/versions/3.$minor".*/bin/python; do
            if [ "$minor" != "$own" ] && "$python" -c "import ensurepip, venv" 2>/dev/null; then
                echo "CPython 3.$minor"
                environment "py$minor" "$tests" "$python"
                "$work/py$minor/bin/pip" install --quiet --force-reinstall --no-deps --no-index "$work"/wheels/byop-*.whl
                "$work/py$minor/bin/python" -m pytest -q -p no:cacheprovider -c "$here/../pyproject.toml" \
                    --rootdir "$here" "$here" --ignore "$here/test_docker.py"
                break
            fi
        done
    done
}
others >"$work/others.log" 2>&1 &
others=$!
"$work/clean/bin/python" -m pytest -q -p no:cacheprovider -c "$here/../pyproject.toml" --rootdir "$here" "$here"
"$work/tools/bin/ruff" check --quiet --no-cache --config "$here/../pyproject.toml" "$here/.." "$top/examples/python" "$top/benches/python"
"$work/tools/bin/ruff" format --quiet --no-cache --check --config "$here/../pyproject.toml" "$here/.." "$top/examples/python" "$top/benches/python"
"$work/tools/bin/mypy" --no-error-summary --config-file "$here/../pyproject.toml" --cache-dir "$work/mypy" \
    "$here/../python/byop" "$here/../reference.py" "$here" "$top"/examples/python/*.py "$top"/benches/python/*.py
"$work/tools/bin/python" -m mypy.stubtest --concise byop._byop
# A copy, because what it checks are the files below its settings.
rm -rf "$work/examples"
cp -r "$top/examples/python" "$work/examples"
echo '{"typeCheckingMode": "standard"}' >"$work/examples/pyrightconfig.json"
"$work/tools/bin/pyright" --project "$work/examples" --pythonpath "$work/tools/bin/python"
wait "$others" || { cat "$work/others.log" >&2; exit 1; }
cat "$work/others.log"
echo "byop-py: all passed"
