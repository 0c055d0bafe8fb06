#!/usr/bin/env bash
# cloud-init's own check of user data, as $BYOP_STATE/tools/bin/cloud-init. The package itself is not installed: its
# services would run at the next boot of this machine. It is unpacked, and its libraries are in the virtual environment.
# It is trixie's, as bookworm's lets unknown keys pass.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$HERE/../lib.sh"

tools=$BYOP_STATE/tools
folder=$tools/cloud-init
[ ! -x "$tools/bin/cloud-init" ] || exit 0
say "fetching cloud-init from Debian trixie"
"$HERE/make.sh" debian:trixie-slim
rm -rf "$folder" && mkdir -p "$folder"
docker run --rm --network host debian:trixie-slim sh -c '
  cd /tmp && apt-get update -qq && apt-get download -qq cloud-init && dpkg -x cloud-init_*.deb x &&
  tar -c -C x/usr/lib/python3/dist-packages cloudinit' 2>"$BYOP_STATE/cloud-init.log" | tar -x -C "$folder" ||
  { tail -n 5 "$BYOP_STATE/cloud-init.log" >&2; die "no cloud-init"; }
"$tools/bin/pip" install --quiet pyyaml==6.0.3 jsonschema==4.26.0 configobj==5.0.9 jinja2==3.1.6 \
  requests==2.34.2 oauthlib==4.0.1 jsonpatch==1.47 jsonpointer==3.12
cat >"$tools/bin/cloud-init.part" <<END
#!/bin/sh
PYTHONPATH=$folder exec $tools/bin/python -m cloudinit.cmd.main "\$@"
END
chmod +x "$tools/bin/cloud-init.part"
mv "$tools/bin/cloud-init.part" "$tools/bin/cloud-init"
