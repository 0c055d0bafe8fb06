#!/usr/bin/env bash
# run.sh [DIR|GIT_URL|ARCHIVE] [--host NAME] [--name NAME] [--http-port PORT] [--down]
#
# From a source tree to a running app behind Traefik, on this machine. Installs and starts what is missing (the
# Docker engine), makes base images itself where no container registry is in reach, then runs the quickstart
# program, which says what it does. Needs Rust and a C compiler. What stays: the engine, the images, the app until
# `--down`, and the state in ~/.local/share/byop.
set -euo pipefail
cd_from=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

"$root/tests/images/engine.sh"
cd "$root"
echo "== building the quickstart program"
cargo build --quiet --locked --example quickstart
program=${CARGO_TARGET_DIR:-$root/target}/debug/examples/quickstart
cd "$cd_from"

down=no
for argument in "$@"; do
  [ "$argument" = --down ] && down=yes
done
if [ "$down" = no ]; then
  echo "== base images"
  "$program" --images "$@" | xargs -r "$root/tests/images/make.sh"
fi
echo "== byop"
exec "$program" "$@"
