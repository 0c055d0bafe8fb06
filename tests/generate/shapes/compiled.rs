//! Go, Rust, static sites and own Dockerfiles.

use super::{BASE, GO, RUST, STATIC, Shape};

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        // Go
        Shape {
            name: "a Go module",
            files: &[
                ("go.mod", "module example.com/shop\n\ngo 1.25\n"),
                (
                    "main.go",
                    "package main\nfunc main() {\n\thttp.HandleFunc(\"/healthz\", h)\n\thttp.ListenAndServe(\":9000\", nil)\n}\n",
                ),
            ],
            version: "1.25",
            build: "go build -trimpath -ldflags \"-s -w\" -o /out/shop .",
            start: "/app/bin/shop",
            port: 9000,
            ..GO
        },
        Shape {
            name: "Go without a module",
            files: &[("main.go", "package main\n")],
            manager: "",
            build: "go build -trimpath -ldflags \"-s -w\" -o /out/app main.go",
            start: "/app/bin/app",
            ..GO
        },
        Shape {
            name: "Go with one command and a pinned version",
            files: &[
                ("go.mod", "module example.com/shop/v2\ngo 1.23\nrequire github.com/gin-gonic/gin v1.10.0\n"),
                ("go.sum", "x"),
                ("mise.toml", "[tools]\ngo = \"1.25.3\"\n"),
                ("cmd/web/main.go", "package main\n"),
                ("internal/x.go", "package internal\n"),
            ],
            version: "1.25.3",
            framework: "gin",
            install: "go mod download",
            build: "go build -trimpath -ldflags \"-s -w\" -o /out/web ./cmd/web",
            start: "/app/bin/web",
            ..GO
        },
        Shape {
            name: "Go with several commands and no hint",
            files: &[
                ("go.mod", "module example.com/tools\ngo 1.26\n"),
                ("cmd/a/main.go", "package main\n"),
                ("cmd/b/main.go", "package main\n"),
            ],
            version: "1.26",
            ..GO
        },
        Shape {
            name: "a Go workspace",
            files: &[
                ("go.work", "go 1.25\n\nuse (\n\t./api\n\t./lib\n)\n"),
                ("api/go.mod", "module x/api\n"),
                ("api/go.sum", ""),
                ("api/main.go", "package main\n"),
                ("lib/go.mod", "module x/lib\n"),
                ("lib/a.go", "package lib\n"),
            ],
            version: "1.25",
            install: "go mod download",
            build: "go build -trimpath -ldflags \"-s -w\" -o /out/api ./api",
            start: "/app/bin/api",
            ..GO
        },
        Shape {
            name: "Go with C and vendored modules",
            files: &[
                (
                    "go.mod",
                    "module example.com/notes\ngo 1.24\ntoolchain go1.25.1\nrequire github.com/mattn/go-sqlite3 v1.14.0\n",
                ),
                ("go.sum", "x"),
                ("vendor/modules.txt", ""),
                ("main.go", "package main\n"),
                ("cmd/tool/main.go", "package main\n"),
            ],
            version: "1.25",
            build: "go build -trimpath -ldflags \"-s -w\" -o /out/notes .",
            start: "/app/bin/notes",
            ..GO
        },
        Shape {
            name: "Go with several commands and a Procfile",
            files: &[
                ("go.mod", "module example.com/tools\ngo 1.26\n"),
                ("cmd/a/main.go", "package main\n"),
                ("cmd/b/main.go", "package main\n"),
                ("Procfile", "web: bin/b --port $PORT\n"),
            ],
            version: "1.26",
            build: "go build -trimpath -ldflags \"-s -w\" -o /out/b ./cmd/b",
            start: "bin/b --port $PORT",
            ..GO
        },
        // Rust
        Shape {
            name: "Rust for musl, with a toolchain file",
            files: &[
                ("Cargo.toml", "[package]\nname = \"tiny\"\n"),
                ("Cargo.lock", ""),
                ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"\n"),
                (".cargo/config.toml", "[build]\ntarget = \"x86_64-unknown-linux-musl\"\n"),
                ("src/main.rs", ""),
            ],
            build: "cargo build --release --locked --bin tiny",
            start: "/app/bin/tiny",
            ..RUST
        },
        Shape {
            name: "several Rust binaries and a Procfile",
            files: &[
                ("Cargo.toml", "[package]\nname = \"many\"\n"),
                ("Cargo.lock", ""),
                ("src/bin/serve.rs", ""),
                ("src/bin/work.rs", ""),
                ("Procfile", "web: ./target/release/serve\nworker: ./target/release/work\n"),
            ],
            build: "cargo build --release --locked --bin serve",
            start: "./target/release/serve",
            ..RUST
        },
        Shape {
            name: "sqlx with its answers",
            files: &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"shop\"\n[dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\naxum = \"0.8\"\n",
                ),
                ("Cargo.lock", ""),
                (".sqlx/query-1.json", "{}"),
                ("src/main.rs", "sqlx::query!(\"select 1\")"),
            ],
            framework: "axum",
            build: "cargo build --release --locked --bin shop",
            start: "/app/bin/shop",
            port: 3000,
            ..RUST
        },
        Shape {
            name: "a Rust binary",
            files: &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\naxum = \"0.8\"\n",
                ),
                ("Cargo.lock", ""),
                ("src/main.rs", "TcpListener::bind(\"0.0.0.0:3000\");\n.route(\"/health\", get(h))"),
            ],
            framework: "axum",
            build: "cargo build --release --locked --bin shop",
            start: "/app/bin/shop",
            port: 3000,
            ..RUST
        },
        Shape {
            name: "several Rust binaries with default-run",
            files: &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"many\"\ndefault-run = \"bin1\"\n[[bin]]\nname = \"bin1\"\npath = \"src/bin1.rs\"\n[[bin]]\nname = \"bin2\"\npath = \"src/bin2.rs\"\n",
                ),
                ("Cargo.lock", ""),
                ("src/bin1.rs", ""),
                ("src/bin2.rs", ""),
                ("build.rs", ""),
            ],
            build: "cargo build --release --locked --bin bin1",
            start: "/app/bin/bin1",
            ..RUST
        },
        Shape {
            name: "rocket without a lock",
            files: &[
                ("Cargo.toml", "[package]\nname = \"rocket-app\"\n[dependencies]\nrocket = \"0.5\"\n"),
                ("mise.toml", "[tools]\nrust = \"latest\"\n"),
                ("src/main.rs", "#[get(\"/\")]\nfn index() {}"),
                ("build.rs", ""),
            ],
            framework: "rocket",
            build: "cargo build --release --bin rocket-app",
            start: "/app/bin/rocket-app",
            port: 8000,
            ..RUST
        },
        Shape {
            name: "a Rust workspace with one binary",
            files: &[
                ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
                ("Cargo.lock", "name = \"openssl-sys\"\n"),
                ("crates/api/Cargo.toml", "[package]\nname = \"api\"\n[dependencies]\nactix-web = \"4\"\n"),
                ("crates/api/src/main.rs", ""),
                ("crates/lib/Cargo.toml", "[package]\nname = \"lib\"\n"),
                ("crates/lib/src/lib.rs", ""),
            ],
            framework: "actix-web",
            build: "cargo build --release --locked --package api --bin api",
            start: "/app/bin/api",
            ..RUST
        },
        Shape {
            name: "a Rust library",
            files: &[("Cargo.toml", "[package]\nname = \"lib\"\n"), ("src/lib.rs", "")],
            ..RUST
        },
        // Static and own
        Shape {
            name: "an index page",
            files: &[("index.html", "<h1>"), ("a.css", "")],
            static_dir: ".",
            ..STATIC
        },
        Shape {
            name: "a public folder",
            files: &[("public/index.html", "<h1>"), ("notes.txt", "")],
            static_dir: "public",
            ..STATIC
        },
        Shape {
            name: "a Staticfile",
            files: &[("Staticfile", "root: hello\n"), ("hello/index.html", "")],
            static_dir: "hello",
            ..STATIC
        },
        Shape {
            name: "an own Dockerfile",
            files: &[("Dockerfile", "FROM scratch\nEXPOSE 7000/tcp\nCMD [\"/x\"]\n"), ("package.json", "{}")],
            stack: "dockerfile",
            start: "/x",
            port: 7000,
            ..BASE
        },
    ]
}
