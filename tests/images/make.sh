#!/usr/bin/env bash
# make.sh [IMAGE...]: see to it that the engine has these images. The default is those in ./list, which most tests
# need, and then those in ./list-build, which only the builds of the fixture apps need.
# An image that is missing is pulled where a registry is in reach. Elsewhere a stand-in of the
# same name is made from distribution packages, labelled org.byop.standin=true.
# BYOP_OFFLINE=1 skips the look for a registry.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$HERE/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=recipes.sh
. "$HERE/recipes.sh"

has_image() { docker image inspect "$@" >/dev/null 2>&1; }

# A registry in reach says of a tag that does not exist that it does not exist.
registry_in_reach() {
  [ -z "${BYOP_OFFLINE:-}" ] || return 1
  (timeout 3 docker pull -q busybox:byop-no-such-tag 2>&1 || true) | grep -qE 'manifest unknown|not found'
}

pull() { [ "$REGISTRY" = yes ] && timeout 600 docker pull -q "$1" >/dev/null 2>&1; }

make_standin() {
  local ref=$1 log=$WORK/${1//[\/:]/_}.log
  # A second try, as a mirror may hiccup; what was done is in the builder's cache.
  recipe "$ref" >"$log" 2>&1 || recipe "$ref" >"$log" 2>&1 || {
    tail -n 15 "$log" >&2; say "error: no stand-in for $ref"; return 1
  }
}

# ensure REF: by one job of this run at a time. Recipes call it for the images they build on.
ensure() {
  local ref=$1 start=$SECONDS from
  {
    flock 8
    if has_image "$ref"; then return; fi
    if pull "$ref"; then say "pulled $ref, $((SECONDS - start)) s"; return; fi
    from=$(origin "$ref") || return
    make_standin "$ref" || return
    say "made a stand-in for $ref from $from, $((SECONDS - start)) s"
  } 8>"$WORK/${ref//[\/:]/_}.lock"
}

# in_turn COMMAND...: a few at a time. More would only share the processors, and memory for the file systems.
in_turn() {
  local turn status=0
  read -r turn <&7
  "$@" || status=$?
  printf '%s\n' "$turn" >&7
  return $status
}

cleanup() {
  docker image prune -f --filter label=org.byop.stage >/dev/null 2>&1 || true
  rm -rf "$WORK"
}

make_all() {
  local ref pid pids=() failed=0
  WORK=$(mktemp -d); trap cleanup EXIT
  if registry_in_reach; then REGISTRY=yes; else REGISTRY=no; fi
  say "images: $# to see to, registry in reach: $REGISTRY"
  [ "$REGISTRY" = yes ] || need_commands mmdebstrap=mmdebstrap
  mkfifo "$WORK/turns"; exec 7<>"$WORK/turns"
  printf '%s\n' 1 2 3 >&7
  for ref; do in_turn ensure "$ref" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  return $failed
}

mapfile -t refs < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else cat "$HERE/list" "$HERE/list-build"; fi)
if has_image "${refs[@]}"; then exit 0; fi
engine_answers || "$HERE/engine.sh"
with_lock images make_all "${refs[@]}"
