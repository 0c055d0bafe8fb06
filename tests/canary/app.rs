//! An application that tells everything it knows, in every notation that its language has.

use std::path::Path;

const DOCKERFILE: &str = "FROM python:3.13-slim-trixie
WORKDIR /app
COPY app.py .
USER 10001:10001
EXPOSE 8080
CMD [\"python\", \"-u\", \"app.py\"]
";

const SCRIPT: &str = r#"import base64, html, http.server, json, os, shlex, sys, time, urllib.parse, zlib

names = sorted(n for n in os.environ if n[0] == "S" and n[1:].isdigit())
known = {n: os.environ[n] for n in names}
print("DIES" if os.environ.get("DIE") else "SERVES", len(names), "secrets")
for name, value in known.items():
    raw = value.encode()
    for text in (value, base64.b64encode(raw).decode(), base64.urlsafe_b64encode(b"user:" + raw).decode(),
                 base64.b64encode(b"x" + raw).decode(), raw.hex(), raw.hex().upper(), json.dumps(value),
                 json.dumps(value, ensure_ascii=False), json.dumps(json.dumps(value)), repr(value),
                 urllib.parse.quote(value), urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value),
                 shlex.quote(value), html.escape(value)):
        print(name, text)
print(json.dumps(known))
whole = base64.encodebytes(json.dumps(known).encode()).decode()
print(whole)
for name, value in known.items():
    # In pieces: what one write has begun another ends.
    half = len(value) // 2
    sys.stdout.write("pieces " + value[:half]); sys.stdout.flush()
    sys.stdout.write(value[half:] + "\n"); sys.stdout.flush()
if os.environ.get("DIE"):
    print("cannot log in with " + known["S04"] + " and " + json.dumps(known["S16"]))
    raise SystemExit(3)

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Answer).serve_forever()
"#;

/// Writes the application into a folder.
pub fn write(folder: &Path, version: u32) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("Dockerfile"), DOCKERFILE).unwrap();
    std::fs::write(folder.join("app.py"), format!("# version {version}\n{SCRIPT}")).unwrap();
}

/// Writes an application whose build tells what it should not have, and fails.
pub fn write_bad_build(folder: &Path, value: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("told.txt"), value).unwrap();
    let lines = "FROM python:3.13-slim-trixie
WORKDIR /app
COPY told.txt .
RUN cat told.txt; base64 told.txt; half=$(($(wc -c < told.txt) / 2)); \\
    head -c \"$half\" told.txt; sleep 0.2; tail -c +\"$((half + 1))\" told.txt; echo; exit 9
";
    std::fs::write(folder.join("Dockerfile"), lines).unwrap();
}
