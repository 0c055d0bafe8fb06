#!/bin/sh
# Options are for the server, as in the official image.
set -e
if [ "${1#-}" != "$1" ]; then set -- apache2ctl -D FOREGROUND "$@"; fi
exec "$@"
