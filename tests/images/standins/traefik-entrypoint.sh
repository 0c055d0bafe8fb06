#!/bin/sh
# Options and subcommands are for traefik, as in the official image; anything else is a command.
set -e
case $1 in -* | healthcheck | version) set -- traefik "$@" ;; esac
exec "$@"
