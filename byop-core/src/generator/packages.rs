//! Distribution packages that dependencies need: to be compiled, and to run.

/// Node packages that are compiled where no ready-made binary fits the version of Node.js.
const NODE_COMPILED: [&str; 16] = [
    "better-sqlite3",
    "cpu-features",
    "deasync",
    "farmhash",
    "heapdump",
    "isolated-vm",
    "libxmljs",
    "libxmljs2",
    "node-expat",
    "node-pty",
    "node-sass",
    "re2",
    "sqlite3",
    "usb",
    "wrtc",
    "zeromq",
];

/// What Node packages need besides Node.js, by name and wanted version.
pub(crate) fn node<'a>(dependencies: impl Iterator<Item = (&'a str, &'a str)>) -> Native {
    let compiler = ["g++", "make", "python3"];
    let mut native = Native::default();
    for (name, wanted) in dependencies {
        match name {
            // From its sixth version on it brings its binaries.
            "bcrypt"
                if wanted
                    .trim_start_matches(['^', '~', '=', 'v', '>'])
                    .starts_with(['1', '2', '3', '4', '5']) =>
            {
                native.add(&compiler, &[]);
            }
            "libpq" | "pg-native" => {
                native.add(&compiler, &[]);
                native.add(&["libpq-dev"], &["libpq5"]);
            }
            "node-rdkafka" => {
                native.add(&compiler, &[]);
                native.add(&["libsasl2-dev", "libssl-dev", "zlib1g-dev"], &["libsasl2-2"]);
            }
            "odbc" => {
                native.add(&compiler, &[]);
                native.add(&["unixodbc-dev"], &["unixodbc"]);
            }
            "puppeteer" | "puppeteer-core" => native.add(&[], &["chromium"]),
            "fluent-ffmpeg" => native.add(&[], &["ffmpeg"]),
            "gm" | "imagemagick" => native.add(&[], &["imagemagick"]),
            "pdf-poppler" | "node-poppler" => native.add(&[], &["poppler-utils"]),
            // Prisma's engine looks for OpenSSL, while it is generated and while it runs.
            "prisma" | "@prisma/client" => native.add(&["openssl"], &["openssl"]),
            name if NODE_COMPILED.contains(&name) => native.add(&compiler, &[]),
            _ => {}
        }
    }
    native
}

/// Distribution packages to build with, and to run with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Native {
    pub(crate) build: Vec<String>,
    pub(crate) run: Vec<String>,
}

impl Native {
    fn add(&mut self, build: &[&str], run: &[&str]) {
        for (list, names) in [(&mut self.build, build), (&mut self.run, run)] {
            list.extend(names.iter().map(|name| (*name).to_owned()));
            list.sort();
            list.dedup();
        }
    }
}

/// What Python packages need besides the interpreter, by normalised name.
pub(crate) fn python<'a>(names: impl Iterator<Item = &'a str>) -> Native {
    let mut native = Native::default();
    for name in names {
        match name {
            "psycopg2" | "psycopg[c]" => native.add(&["gcc", "libc6-dev", "libpq-dev"], &["libpq5"]),
            "psycopg" => native.add(&[], &["libpq5"]),
            "mysqlclient" => native
                .add(&["default-libmysqlclient-dev", "gcc", "libc6-dev", "pkg-config"], &["libmariadb3"]),
            "pycairo" => native.add(&["gcc", "libc6-dev", "libcairo2-dev", "pkg-config"], &["libcairo2"]),
            "pdf2image" => native.add(&[], &["poppler-utils"]),
            "pydub" | "ffmpeg-python" => native.add(&[], &["ffmpeg"]),
            "python-ldap" => {
                native.add(&["gcc", "libc6-dev", "libldap-dev", "libsasl2-dev"], &["libldap-common"])
            }
            "uwsgi" => native.add(&["gcc", "libc6-dev"], &[]),
            "pyodbc" => native.add(&["g++", "unixodbc-dev"], &["unixodbc"]),
            "python-magic" => native.add(&[], &["libmagic1"]),
            "weasyprint" => native.add(&[], &["libpango-1.0-0", "libpangoft2-1.0-0"]),
            "opencv-python" => native.add(&[], &["libgl1", "libglib2.0-0"]),
            "xmlsec" => {
                native.add(&["gcc", "libc6-dev", "libxmlsec1-dev", "pkg-config"], &["libxmlsec1-openssl"])
            }
            _ => {}
        }
    }
    native
}

/// What Rust crates need besides the toolchain.
pub(crate) fn rust(has_crate: &dyn Fn(&str) -> bool) -> Native {
    let mut native = Native::default();
    if has_crate("openssl-sys") && !has_crate("openssl-src") {
        // The run image has OpenSSL's library already.
        native.add(&["libssl-dev", "pkg-config"], &[]);
    }
    if has_crate("pq-sys") {
        native.add(&["libpq-dev"], &["libpq5"]);
    }
    if has_crate("mysqlclient-sys") {
        native.add(&["default-libmysqlclient-dev", "pkg-config"], &["libmariadb3"]);
    }
    if has_crate("prost-build") || has_crate("protobuf-build") {
        native.add(&["protobuf-compiler"], &[]);
    }
    if has_crate("bindgen") {
        native.add(&["libclang-dev"], &[]);
    }
    if has_crate("cmake") {
        native.add(&["cmake", "g++", "make"], &[]);
    }
    native
}
