#!/bin/sh
# Options, and what is no command, are for node, as in the official image.
set -e
if [ "${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ]; then set -- node "$@"; fi
exec "$@"
