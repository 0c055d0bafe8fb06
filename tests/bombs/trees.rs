//! The trees.

use std::path::Path;

type Fill = Box<dyn Fn(&Path) + Send + Sync>;

/// A tree that is written when its turn comes.
pub(crate) struct Bomb {
    pub(crate) name: String,
    pub(crate) fill: Fill,
}

/// Files that decide, of every stack.
const FILES: &[&str] = &[
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "yarn.lock",
    ".yarnrc.yml",
    "turbo.json",
    "nx.json",
    "angular.json",
    "tsconfig.json",
    "deno.json",
    "bun.lock",
    "requirements.txt",
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "Pipfile",
    "Pipfile.lock",
    "manage.py",
    "app.py",
    "environment.yml",
    "go.mod",
    "go.work",
    "main.go",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "gradle.properties",
    "build.sbt",
    "project.clj",
    "deps.edn",
    "composer.json",
    "composer.lock",
    "index.php",
    "Gemfile",
    "Gemfile.lock",
    "config.ru",
    "mix.exs",
    "gleam.toml",
    "shop.csproj",
    "shop.sln",
    "global.json",
    "stack.yaml",
    "package.yaml",
    "shop.cabal",
    "Package.swift",
    "pubspec.yaml",
    "build.zig",
    "shard.yml",
    "CMakeLists.txt",
    "Makefile",
    "meson.build",
    "shop-1.0-1.rockspec",
    "main.cob",
    "start.sh",
    "index.html",
    "Staticfile",
    "Staticfile.auth",
    "_redirects",
    "_headers",
    "netlify.toml",
    "hugo.toml",
    "_config.yml",
    "mkdocs.yml",
    "conf.py",
    "book.toml",
    "config.toml",
    "Dockerfile",
    "compose.yaml",
    "docker-compose.yml",
    "Procfile",
    "byop.yaml",
    ".dockerignore",
    ".env.example",
    ".nvmrc",
    ".tool-versions",
    "mise.toml",
    "runtime.txt",
    ".python-version",
    "app.json",
    "README.md",
];

const LEVELS: usize = 100_000;

pub(crate) fn bombs() -> Vec<Bomb> {
    let mut bombs = Vec::new();
    let mut add = |name: String, fill: Fill| bombs.push(Bomb { name, fill });
    // All at once where they do not exclude one another: what matters is that each is looked at.
    add(
        "every file of 1 GB".into(),
        Box::new(move |root| {
            for file in &["package.json", "Procfile", "README.md"] {
                std::fs::File::create(root.join(file)).unwrap().set_len(1 << 30).unwrap();
            }
        }),
    );
    for file in FILES.iter().copied() {
        add(
            format!("{file} of 1 GB"),
            Box::new(move |root| {
                std::fs::File::create(root.join(file)).unwrap().set_len(1 << 30).unwrap();
            }),
        );
        let kind = match file.rsplit('.').next().unwrap_or_default() {
            "json" | "lock" => 'j',
            "toml" => 't',
            "yaml" | "yml" => 'y',
            "xml" | "csproj" => 'x',
            _ => 'w',
        };
        for (name, text) in nested(kind) {
            add(
                format!("{file}: {name}"),
                Box::new(move |root| std::fs::write(root.join(file), &text).unwrap()),
            );
        }
    }
    let write = |root: &Path, path: String, text: &[u8]| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    add(
        "5,000 packages of a workspace".into(),
        Box::new(move |root| {
            write(root, "package.json".into(), br#"{"workspaces":["packages/*","packages/**"]}"#);
            for number in 0..5_000 {
                let text = format!(
                    r#"{{"name":"p{number}","scripts":{{"start":"node a.js"}},"dependencies":{{"p{}":"*"}}}}"#,
                    number + 1
                );
                write(root, format!("packages/p{number}/package.json"), text.as_bytes());
            }
        }),
    );
    for (name, extension) in
        [("JavaScript", "js"), ("Python", "py"), ("Go", "go"), ("Java", "java"), ("PHP", "php")]
    {
        add(
            format!("400 sources of 1 MB in {name}"),
            Box::new(move |root| {
                write(root, "package.json".into(), br#"{"main":"a.js","dependencies":{"express":"5"}}"#);
                write(root, "requirements.txt".into(), b"flask\n");
                write(root, "go.mod".into(), b"module a\n");
                write(root, "pom.xml".into(), b"<project></project>");
                write(root, "composer.json".into(), b"{}");
                let text = "process.env.A; os.environ['B']; app.get('/x') // \"\n".repeat(20_000);
                for number in 0..400 {
                    write(root, format!("src/{}/a{number}.{extension}", number % 20), text.as_bytes());
                }
            }),
        );
    }
    add(
        "a chain of 60 folders".into(),
        Box::new(move |root| {
            write(root, format!("{}/package.json", vec!["d"; 60].join("/")), b"{}");
        }),
    );
    bombs
}

/// Texts of about a megabyte or less that are deep or that grow.
fn nested(kind: char) -> Vec<(&'static str, String)> {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(LEVELS), close.repeat(LEVELS));
    match kind {
        'j' => vec![
            ("deep lists", deep("[", "]")),
            ("deep objects", deep("{\"a\":", "}")),
            ("open lists", "[".repeat(900_000)),
        ],
        't' => vec![
            ("deep lists", format!("a = {}", deep("[", "]"))),
            ("deep tables", format!("a = {}", deep("{a=", "}"))),
            ("a long key", format!("{} = 1", vec!["a"; LEVELS].join("."))),
            ("a long head", format!("[{}]\nb = 1\n", vec!["a"; LEVELS].join("."))),
            ("open lists", format!("a = {}", "[".repeat(900_000))),
        ],
        'y' => {
            let laughs: String = (1..40)
                .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")))
                .collect();
            let merges: String = (1..40)
                .map(|n| format!("a{n}: &a{n}\n  <<: [*a{0}, *a{0}]\n  b{n}: *a{0}\n", n - 1))
                .collect();
            let steps: String = (0..1_200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
            vec![
                ("deep lists", deep("[", "]")),
                ("deep objects", deep("{a: ", "}")),
                ("deep blocks", "- ".repeat(LEVELS)),
                ("deep steps", steps),
                ("aliases of aliases", format!("a0: &a0 [x,x,x]\n{laughs}")),
                ("merges of merges", format!("a0: &a0 {{x: y}}\n{merges}")),
                ("an alias of itself", "a: &a [*a, *a]\n".into()),
                ("open quotes", "a: \"".repeat(200_000)),
            ]
        }
        'x' => vec![
            ("deep elements", deep("<a>", "</a>")),
            (
                "entities",
                format!(
                    "<!DOCTYPE a [<!ENTITY b \"{}\">{}]><a>&b9;</a>",
                    "x".repeat(1_000),
                    (1..10)
                        .map(|n| format!("<!ENTITY b{n} \"{}\">", format!("&b{};", n - 1).repeat(10)))
                        .collect::<String>()
                ),
            ),
        ],
        _ => vec![
            ("one long line", "a".repeat(900_000)),
            ("many variables", "web: ${PORT:-${PORT:-$PORT ".repeat(30_000)),
            ("many commands", format!("web: {}", "a && ".repeat(150_000))),
            ("many brackets", "(".repeat(300_000) + &"[".repeat(300_000) + &"{".repeat(300_000)),
            ("many quotes", "\"'`".repeat(300_000)),
            ("many lines", "a:\n".repeat(300_000)),
            ("many backslashes", "RUN a \\\n".repeat(100_000)),
        ],
    }
}

/// Files outside the tree, each of which would be noticed.
pub(crate) const CANARIES: &[(&str, &str)] = &[
    ("package.json", r#"{"name":"CANARY","scripts":{"start":"node CANARY.js"}}"#),
    ("requirements.txt", "CANARY\n"),
    ("pyproject.toml", "[project]\nname = \"CANARY\"\n"),
    ("Cargo.toml", "[package]\nname = \"CANARY\"\n"),
    ("go.mod", "module example.com/CANARY\n\ngo 1.99\n"),
    ("main.go", "package main\nfunc main() {} // CANARY\n"),
    ("compose.yaml", "services:\n  CANARY:\n    image: CANARY\n"),
    ("index.html", "CANARY"),
    ("pom.xml", "<project><artifactId>CANARY</artifactId></project>"),
    ("env", "CANARY=1\n"),
    ("_redirects", "/CANARY /x\n"),
    ("tsconfig.json", r#"{"compilerOptions":{"outDir":"CANARY"}}"#),
    ("Gemfile", "gem 'CANARY'\n"),
];

/// Files that name a folder outside: which, where, and the text.
pub(crate) const REACHING: &[(&str, &str, &str)] = &[
    (
        "a workspace",
        "package.json",
        r#"{"workspaces":["OUTSIDE","OUTSIDE/*"],"scripts":{"start":"npm start -w x"}}"#,
    ),
    (
        "a local dependency",
        "package.json",
        r#"{"main":"OUTSIDE/a.js","dependencies":{"a":"file:OUTSIDE"},"scripts":{"start":"npm --prefix OUTSIDE start"}}"#,
    ),
    ("a workspace of pnpm", "pnpm-workspace.yaml", "packages:\n  - \"OUTSIDE\"\n"),
    ("a base of tsconfig", "tsconfig.json", r#"{"extends":"OUTSIDE/tsconfig.json"}"#),
    ("further requirements", "requirements.txt", "-r OUTSIDE/requirements.txt\n-e OUTSIDE\n"),
    (
        "a dependency by path",
        "pyproject.toml",
        "[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n[tool.setuptools.dynamic]\ndependencies = { file = [\"OUTSIDE/requirements.txt\"] }\n[tool.uv.workspace]\nmembers = [\"OUTSIDE\"]\n[tool.uv.sources]\na = { path = \"OUTSIDE\" }\n",
    ),
    ("a Cargo workspace", "Cargo.toml", "[workspace]\nmembers = [\"OUTSIDE\"]\n"),
    (
        "a crate by path",
        "Cargo.toml",
        "[package]\nname = \"a\"\n[[bin]]\nname = \"a\"\npath = \"OUTSIDE/main.rs\"\n[dependencies]\nb = { path = \"OUTSIDE\" }\n",
    ),
    ("a Go workspace", "go.work", "go 1.24\nuse OUTSIDE\n"),
    ("a Go replacement", "go.mod", "module a\nreplace b => OUTSIDE\n"),
    (
        "a Maven parent",
        "pom.xml",
        "<project><parent><relativePath>OUTSIDE/pom.xml</relativePath></parent><modules><module>OUTSIDE</module></modules></project>",
    ),
    ("a Gradle module", "settings.gradle", "include ':a'\nproject(':a').projectDir = file('OUTSIDE')\n"),
    (
        "a Composer repository",
        "composer.json",
        r#"{"repositories":[{"type":"path","url":"OUTSIDE"}],"require":{"a/b":"*"}}"#,
    ),
    ("a gem by path", "Gemfile", "gem 'a', path: 'OUTSIDE'\neval_gemfile 'OUTSIDE/Gemfile'\n"),
    ("a Staticfile", "Staticfile", "root: OUTSIDE\n"),
    ("a published folder", "netlify.toml", "[build]\npublish = \"OUTSIDE\"\nbase = \"OUTSIDE\"\n"),
    (
        "an extended service",
        "compose.yaml",
        "include:\n  - OUTSIDE/compose.yaml\nservices:\n  web:\n    build: OUTSIDE\n    env_file: OUTSIDE/env\n    extends:\n      file: OUTSIDE/compose.yaml\n      service: x\n",
    ),
    ("a Dockerfile", "Dockerfile", "FROM scratch\nCOPY OUTSIDE/env /\n"),
    ("a settings file", "byop.yaml", "root: OUTSIDE\n"),
    ("a Hugo site", "hugo.toml", "contentDir = \"OUTSIDE\"\npublishDir = \"OUTSIDE\"\n"),
    ("a site of MkDocs", "mkdocs.yml", "INHERIT: OUTSIDE/mkdocs.yml\ndocs_dir: OUTSIDE\n"),
    (
        "a .NET project",
        "a.csproj",
        "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><Import Project=\"OUTSIDE/a.props\" /><ItemGroup><ProjectReference Include=\"OUTSIDE/b.csproj\" /></ItemGroup></Project>",
    ),
];
