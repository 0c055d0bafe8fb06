#!/usr/bin/env bash
# The `docker compose` plugin, for the one test that runs it. Debian bookworm has none; the binary
# of trixie's package needs only an older libc than bookworm's, so it is unpacked as a CLI plugin.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$HERE/../lib.sh"

PLUGINS=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins

fetch() {
  "$HERE/make.sh" debian:trixie-slim
  docker run --rm --network host debian:trixie-slim sh -c '
    cd /tmp && apt-get update -qq && apt-get download -qq docker-compose && dpkg -x docker-compose_*.deb . &&
    cat usr/libexec/docker/cli-plugins/docker-compose' 2>"$BYOP_STATE/compose.log"
}

if ! docker compose version >/dev/null 2>&1; then
  say "fetching docker compose from Debian trixie"
  mkdir -p "$PLUGINS"
  fetch >"$PLUGINS/docker-compose.part" || { tail -n 5 "$BYOP_STATE/compose.log" >&2; die "no docker compose"; }
  chmod +x "$PLUGINS/docker-compose.part"
  mv "$PLUGINS/docker-compose.part" "$PLUGINS/docker-compose"
fi
docker compose version
