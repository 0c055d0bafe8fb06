#!/usr/bin/env bash
# moto's server, a simulated AWS, in a virtual environment of its own: the program is $BYOP_STATE/moto/bin/moto_server.
# It checks no signatures; what it does check is another implementation's view of AWS than ours.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/.. source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

moto=$BYOP_STATE/moto
[ ! -e "$moto/complete" ] || exit 0
say "installing moto"
rm -rf "$moto"
python3 -m venv "$moto" || { apt_install python3-venv; python3 -m venv "$moto"; }
"$moto/bin/pip" install --quiet 'moto[server,ec2,route53,ssm,sts]==5.2.5'
touch "$moto/complete"
