#!/usr/bin/env bash
# Reads one request from standard input and writes the answer to standard output.
set -euo pipefail

read -r _ path _
while read -r line && [[ ${line%$'\r'} ]]; do :; done
case $path in
  /healthz) status='200 OK' body='ok' ;;
  /) status='200 OK' body='hello from bash' ;;
  *) status='404 Not Found' body='not found' ;;
esac
printf 'HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n' \
  "$status" $((${#body} + 1)) "$body"
