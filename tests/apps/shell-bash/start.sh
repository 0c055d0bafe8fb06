#!/usr/bin/env bash
# Answers HTTP by starting answer.sh for each connection.
set -euo pipefail

exec socat "TCP-LISTEN:${PORT:-8080},fork,reuseaddr" EXEC:./answer.sh
