#!/bin/sh
# The official image may add certificates first; then the command takes this script's place.
exec "$@"
