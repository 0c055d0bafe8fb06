#!/bin/sh
# The version is known only now, and the root may be read-only: serve a copy in /tmp.
set -e
root=/www
if cp -r /www /tmp/ 2>/dev/null; then
  root=/tmp/www
  printf '{"app": "dockerfile", "version": "%s"}\n' "${APP_VERSION:-1}" >"$root/version"
fi

# As process 1, httpd itself would be deaf to SIGTERM.
httpd -f -p "${PORT:-8080}" -h "$root" &
trap 'kill $!' TERM INT
echo "listening on ${PORT:-8080}"
wait $! || true
