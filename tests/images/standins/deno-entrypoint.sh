#!/bin/sh
# A word that is no program is one of Deno's own commands.
set -e
if [ "$1" = deno ] || command -v "$1" >/dev/null 2>&1 && [ "$1" != eval ]; then
  exec "$@"
fi
exec deno "$@"
