# shellcheck shell=bash
# Small helpers shared by the test scripts. Source this file.

# Where the test scripts keep caches, logs and pid files. Nothing in it is precious.
BYOP_STATE=${BYOP_TEST_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/byop}
mkdir -p "$BYOP_STATE"

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Run a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "this needs root (or sudo): $*"; fi
}

# wait_for SECONDS COMMAND...: try it every 0.1 s until it succeeds.
wait_for() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -le $end ] || { say "gave up waiting for: $*"; return 1; }
    sleep 0.1
  done
}

# with_lock NAME COMMAND...: one at a time on this machine. Descriptor 9 is the lock:
# a command that leaves a daemon behind must close it (9>&-).
with_lock() {
  local name=$1; shift
  { flock 9; "$@"; } 9>"$BYOP_STATE/$name.lock"
}

engine_answers() { docker version >/dev/null 2>&1; }

# need_commands COMMAND=PACKAGE...: install the Debian packages of the commands that are missing.
need_commands() {
  local pair missing=()
  for pair; do have "${pair%%=*}" || missing+=("${pair#*=}"); done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# apt_install PACKAGE...: without recommends, questions, or started services.
apt_install() {
  local policy=/usr/sbin/policy-rc.d ours=
  have apt-get || die "not a Debian-like machine; please install: $*"
  say "installing from Debian: $*"
  as_root apt-get update -qq >"$BYOP_STATE/apt.log" 2>&1 || say "apt-get update failed; trying with the lists at hand"
  if [ ! -e $policy ]; then # invoke-rc.d asks this script; 101 means "do not start it"
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null; as_root chmod +x $policy; ours=1
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
    </dev/null >>"$BYOP_STATE/apt.log" 2>&1 9>&- || { tail -5 "$BYOP_STATE/apt.log" >&2; die "could not install: $*"; }
  [ -z "$ours" ] || as_root rm -f $policy
}
