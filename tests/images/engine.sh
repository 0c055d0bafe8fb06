#!/usr/bin/env bash
# A Docker Engine that answers, on a Debian machine: installs and starts what is missing.
# Does nothing where an engine already answers through DOCKER_HOST.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

LOG=$BYOP_STATE/dockerd.log

# In bookworm the client is part of docker.io; later suites have it in a package of its own.
client_package() { if [ -n "$(apt-cache search --names-only '^docker-cli$')" ]; then echo docker-cli; else echo docker.io; fi; }

install_packages() {
  PATH=$PATH:/usr/sbin:/sbin need_commands dockerd=docker.io iptables=iptables mmdebstrap=mmdebstrap \
    curl=curl xz=xz-utils git=git update-ca-certificates=ca-certificates
  have docker || apt_install "$(client_package)"
}

# A pid file left by an earlier life of the machine stops dockerd if the number is taken again, or if nobody has
# taken the end of the old process to notice: such a process has a name still, but no program.
drop_stale_pid() { # FILE PROGRAM
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  case $(as_root readlink "/proc/$pid/exe" 2>/dev/null) in
    */"$2" | */"$2 (deleted)") ;;
    *) as_root rm -f "$1" ;;
  esac
}

# The builder's cache is bounded where nobody has set up the engine otherwise: engines of before version 23 let it grow.
settings() {
  local file=$BYOP_STATE/dockerd.json
  [ ! -e /etc/docker/daemon.json ] || return 0
  printf '{"builder": {"gc": {"enabled": true, "defaultKeepStorage": "12GB"}}}\n' >"$file"
  printf '%s\n' --config-file "$file"
}

start() {
  local options
  if [ -d /run/systemd/system ]; then
    say "starting the engine: systemctl start docker"
    as_root systemctl start docker
    return
  fi
  drop_stale_pid /var/run/docker.pid dockerd
  drop_stale_pid /var/run/docker/containerd/containerd.pid containerd
  say "starting the engine: dockerd, log in $LOG"
  mapfile -t options < <(settings)
  as_root setsid dockerd "${options[@]}" --pidfile /var/run/docker.pid --group "$(id -gn)" >"$LOG" 2>&1 </dev/null 9>&- &
}

up() {
  install_packages
  engine_answers && return
  # What an engine that was killed left behind may make the first start fail; each one clears some of it.
  for _ in 1 2 3; do
    start
    ! wait_for 30 engine_answers || break
  done
  engine_answers || { tail -n 20 "$LOG" >&2 || true; die "the engine does not answer (may this user use it?)"; }
  cp /var/run/docker.pid "$BYOP_STATE/dockerd.pid" 2>/dev/null || true
}

if [ -z "${DOCKER_HOST:-}" ]; then
  with_lock engine up
elif ! engine_answers; then
  die "no engine answers at DOCKER_HOST=$DOCKER_HOST"
fi
docker version --format 'engine {{.Server.Version}}, api {{.Server.APIVersion}}'
