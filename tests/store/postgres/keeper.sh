# Keeps one PostgreSQL server for a test: makes its data, starts and kills it as told on the standard input, and
# takes everything away when the input ends, which it does when the test process ends in any way.
# Arguments: folder, folder of the programs.
folder=$1 bin=$2 server=
data=$folder/data

# A server that was killed leaves workers that end a moment later; until then the next one refuses to start.
start() {
  tries=0
  while [ $tries -lt 100 ]; do
    "$bin/postgres" -D "$data" >>"$folder/log" 2>&1 </dev/null & server=$!
    while kill -0 $server 2>/dev/null; do
      "$bin/pg_isready" -q -h "$folder" -p "$port" && return 0
      sleep 0.05
    done
    wait $server; tries=$((tries + 1)); sleep 0.1
  done
  return 1
}

end() { [ -z "$server" ] || { kill "-$1" "$server"; wait "$server"; server=; } 2>/dev/null; }

# The settings stand in the folder before this starts.
port=$(sed -n 's/^port = //p' "$folder/settings.conf")
if "$bin/initdb" -D "$data" -U byop -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1; then
  cp "$folder/hba.conf" "$data/pg_hba.conf"
  cat "$folder/settings.conf" >>"$data/postgresql.conf"
  while read -r command; do
    case $command in
      start) start && echo done || { echo failed; tail -5 "$folder/log" >&2; } ;;
      stop) end INT; echo done ;;
      kill) end KILL; echo done ;;
      freeze) kill -STOP "$server"; echo done ;;
    esac
  done
else
  tail -5 "$folder/log" >&2
fi
end INT
cd / && rm -rf "$folder"
