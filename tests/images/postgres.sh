#!/usr/bin/env bash
# Installs PostgreSQL's programs when they are missing. Tests start servers of their own in temporary folders; the
# cluster that Debian's package makes is neither started nor used.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/.. source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

programs() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

programs || apt_install postgresql
programs || die "Debian's PostgreSQL has no initdb where it is expected"
