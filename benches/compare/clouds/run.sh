#!/usr/bin/env bash
# 100 servers made in parallel and listed, on one moto server: byop, Apache libcloud and boto3 in turns. Installs what is
# missing into $BYOP_STATE; what else it takes are minutes in which the machine has nothing to do.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source-path=SCRIPTDIR/../../../tests source=lib.sh
. "$root/tests/lib.sh"

"$root/tests/images/moto.sh"
peers=$BYOP_STATE/clouds
if [ ! -e "$peers/complete" ]; then
  python3 -m venv "$peers"
  "$peers/bin/pip" install --quiet boto3==1.44.5 apache-libcloud==3.9.1
  touch "$peers/complete"
fi
cd "$root"
MOTO_SERVER=$BYOP_STATE/moto/bin/moto_server PEERS_PYTHON=$peers/bin/python exec cargo bench --bench clouds "$@"
