//! The rows of the table: release lines and official images as of November 2026.

/// What is known of one stack.
pub(super) struct Row {
    /// The stack.
    pub(super) stack: &'static str,
    /// The version where the app does not say.
    pub(super) default: &'static str,
    /// The release lines that official images exist for, newest first.
    pub(super) versions: &'static [&'static str],
    /// Images by role.
    pub(super) images: &'static [(&'static str, &'static str)],
}

/// In the order of the alphabet.
pub(super) const ROWS: &[Row] = &[
    Row {
        stack: "addon",
        default: "",
        versions: &[],
        // What compose files put beside an app.
        images: &[
            ("addon.mariadb", "mariadb:11.8-noble"),
            ("addon.memcached", "memcached:1.6-bookworm"),
            ("addon.mongodb", "mongo:8.0-noble"),
            ("addon.mysql", "mysql:8.4-oraclelinux9"),
            ("addon.postgresql", "postgres:17.7-bookworm"),
            ("addon.rabbitmq", "rabbitmq:4.1-alpine"),
            ("addon.redis", "redis:8.2-bookworm"),
        ],
    },
    Row {
        stack: "bun",
        default: "1.4",
        versions: &["1.4", "1.3", "1.2", "1.1", "1.0"],
        images: &[("bun", "oven/bun:{version}-slim")],
    },
    Row {
        stack: "clojure",
        default: "",
        versions: &[],
        // The version is the release of Java.
        images: &[
            ("clojure", "clojure:temurin-{version}-lein-2.12.0-trixie-slim"),
            ("clojure.tools", "clojure:temurin-{version}-tools-deps-1.12.4.1602-trixie-slim"),
        ],
    },
    Row {
        stack: "crystal",
        default: "1.18",
        versions: &[
            "1.18", "1.17", "1.16", "1.15", "1.14", "1.13", "1.12", "1.11", "1.10", "1.9", "1.8", "1.7",
            "1.6", "1.5", "1.4", "1.3", "1.2", "1.1", "1.0",
        ],
        images: &[("crystal", "crystallang/crystal:{version}-alpine")],
    },
    Row {
        stack: "dart",
        default: "3.13",
        versions: &[
            "3.13", "3.12", "3.11", "3.10", "3.9", "3.8", "3.7", "3.6", "3.5", "3.4", "3.3", "3.2", "3.1",
            "3.0", "2.19", "2.18", "2.17", "2.16", "2.15", "2.14",
        ],
        images: &[("dart", "dart:{version}")],
    },
    Row {
        stack: "deno",
        default: "2.9.6",
        versions: &[
            "2.9.6", "2.8.3", "2.7.14", "2.6.10", "2.5.7", "2.4.5", "2.3.7", "2.2.15", "2.1.14", "2.0.6",
            "1.46.3", "1.45.5", "1.44.4", "1.43.6", "1.42.4", "1.41.3", "1.40.5",
        ],
        images: &[("deno", "denoland/deno:{version}")],
    },
    Row {
        stack: "dotnet",
        default: "10.0",
        versions: &["10.0", "9.0", "8.0", "7.0", "6.0", "5.0", "3.1"],
        images: &[
            ("dotnet", "mcr.microsoft.com/dotnet/sdk:{version}-{os}"),
            ("dotnet.run", "mcr.microsoft.com/dotnet/aspnet:{version}-{os}"),
            ("dotnet.run.console", "mcr.microsoft.com/dotnet/runtime:{version}-{os}"),
        ],
    },
    Row {
        stack: "elixir",
        default: "1.18",
        versions: &["1.19", "1.18", "1.17", "1.16", "1.15", "1.14", "1.13", "1.12", "1.11", "1.10"],
        // The version of these two comes with that of Erlang: `1.18-otp-27`, and `27`.
        images: &[("elixir", "elixir:{version}-slim"), ("elixir.run", "debian:{os}-slim")],
    },
    Row {
        stack: "flutter",
        default: "3.35.7",
        versions: &[
            "3.35.7", "3.32.8", "3.29.3", "3.27.4", "3.24.5", "3.22.3", "3.19.6", "3.16.9", "3.13.9",
            "3.10.6", "3.7.12", "3.3.10",
        ],
        images: &[("flutter", "ghcr.io/cirruslabs/flutter:{version}")],
    },
    Row {
        stack: "gleam",
        default: "1.13.0",
        versions: &[
            "1.13.0", "1.12.0", "1.11.1", "1.10.0", "1.9.1", "1.8.1", "1.7.0", "1.6.3", "1.5.1", "1.4.1",
            "1.3.2", "1.2.1", "1.1.0", "1.0.0",
        ],
        images: &[
            ("gleam", "ghcr.io/gleam-lang/gleam:v{version}-erlang-alpine"),
            ("gleam.erlang", "erlang:27.3-alpine"),
        ],
    },
    Row {
        stack: "go",
        default: "1.27",
        versions: &[
            "1.27", "1.26", "1.25", "1.24", "1.23", "1.22", "1.21", "1.20", "1.19", "1.18", "1.17", "1.16",
        ],
        images: &[
            ("go", "golang:{version}-{os}"),
            ("go.run", "gcr.io/distroless/static-debian12:nonroot"),
            ("go.run.cgo", "gcr.io/distroless/cc-debian12:nonroot"),
        ],
    },
    Row {
        stack: "haskell",
        default: "9.10",
        versions: &["9.14", "9.12", "9.10", "9.8", "9.6", "9.4", "9.2", "9.0", "8.10", "8.8"],
        images: &[("haskell", "haskell:{version}-slim-{os}")],
    },
    Row { stack: "hugo", default: "0.168.0", versions: &[], images: &[] },
    Row {
        stack: "java",
        default: "21",
        versions: &["26", "25", "24", "23", "22", "21", "20", "19", "18", "17", "16", "11", "8"],
        images: &[
            ("java", "eclipse-temurin:{version}-jdk-{os}"),
            ("java.run", "eclipse-temurin:{version}-jre-{os}"),
            ("java.maven", "maven:3.9-eclipse-temurin-{version}-{os}"),
            // The version is Gradle's with the release of Java behind it.
            ("java.gradle", "gradle:{version}-{os}"),
            // The version is Tomcat's with the release of Java behind it.
            ("java.tomcat", "tomcat:{version}-temurin-{os}"),
        ],
    },
    Row {
        stack: "jekyll",
        default: "3.4",
        versions: &[],
        images: &[("static.jekyll", "ruby:{version}-slim-bookworm")],
    },
    Row {
        stack: "lua",
        default: "5.4",
        versions: &["5.4", "5.3", "5.2", "5.1"],
        images: &[("lua.openresty", "openresty/openresty:1.27.1.2-bookworm")],
    },
    Row { stack: "mdbook", default: "0.5.4", versions: &[], images: &[] },
    Row { stack: "mkdocs", default: "1.6.1", versions: &[], images: &[] },
    // Compiled and run with what Debian has: C, C++, COBOL, Lua and scripts have no official image of their own.
    Row {
        stack: "native",
        default: "",
        versions: &[],
        images: &[
            ("native", "debian:trixie-slim"),
            ("native.run", "gcr.io/distroless/cc-debian13:nonroot"),
            ("native.run.shell", "debian:trixie-slim"),
        ],
    },
    Row {
        stack: "node",
        default: "24.21",
        versions: &[
            "26.10", "25.9", "24.21", "23.11", "22.23", "21.7", "20.20", "19.9", "18.20", "17.9", "16.20",
            "14.21", "12.22",
        ],
        images: &[("node", "node:{version}-{os}-slim")],
    },
    Row { stack: "pelican", default: "4.12.0", versions: &[], images: &[] },
    Row {
        stack: "php",
        default: "8.4",
        versions: &["8.5", "8.4", "8.3", "8.2", "8.1", "8.0", "7.4", "7.3", "7.2", "7.1", "7.0", "5.6"],
        images: &[
            ("php", "php:{version}-apache-{os}"),
            ("php.composer", "composer:2.8"),
            // The last line of Composer that runs on PHP before 7.2.5.
            ("php.composer.old", "composer:2.2"),
        ],
    },
    Row {
        stack: "python",
        default: "3.13",
        versions: &["3.14", "3.13", "3.12", "3.11", "3.10", "3.9", "3.8", "3.7", "3.6", "3.5", "2.7"],
        images: &[("python", "python:{version}-slim-{os}")],
    },
    Row {
        stack: "ruby",
        default: "3.4",
        versions: &["4.0", "3.4", "3.3", "3.2", "3.1", "3.0", "2.7", "2.6", "2.5", "2.4", "2.3"],
        images: &[("ruby", "ruby:{version}-slim-{os}")],
    },
    Row {
        stack: "rust",
        default: "1.95",
        versions: &["1.95"],
        images: &[
            ("rust", "rust:{version}-slim-{os}"),
            ("rust.run", "gcr.io/distroless/cc-debian12:nonroot"),
            ("rust.run.shell", "debian:bookworm-slim"),
        ],
    },
    Row {
        stack: "scala",
        default: "",
        versions: &[],
        // Their tags name the JDK, sbt and Scala to the last digit; sbt's launcher fetches what the project asks for.
        images: &[
            ("scala.17", "sbtscala/scala-sbt:eclipse-temurin-jammy-17.0.8.1_1.9.6_3.3.1"),
            ("scala", "sbtscala/scala-sbt:eclipse-temurin-jammy-21.0.2_13_1.9.9_3.3.1"),
        ],
    },
    Row { stack: "sphinx", default: "9.0.4", versions: &[], images: &[] },
    Row {
        stack: "static",
        default: "",
        versions: &[],
        images: &[
            ("static.run", "nginxinc/nginx-unprivileged:1.28-alpine-slim"),
            ("static.debian", "debian:trixie-slim"),
            // Where the health check of an image without a shell takes its `wget` or `nc` from.
            ("probe", "busybox:1.37-musl"),
        ],
    },
    Row {
        stack: "swift",
        default: "6.3",
        versions: &[
            "6.3", "6.2", "6.1", "6.0", "5.10", "5.9", "5.8", "5.7", "5.6", "5.5", "5.4", "5.3", "5.2",
        ],
        images: &[("swift", "swift:{version}-{os}")],
    },
    // Versions are those of the Python package that Zig's makers publish.
    Row {
        stack: "zig",
        default: "0.15.2",
        versions: &["0.17.0", "0.16.0", "0.15.2", "0.14.1", "0.13.0", "0.12.1", "0.11.0"],
        images: &[("zig", "python:3.13-slim-trixie")],
    },
    Row {
        stack: "zola",
        default: "0.21.0",
        versions: &[],
        images: &[("static.zola", "ghcr.io/getzola/zola:v{version}")],
    },
];
