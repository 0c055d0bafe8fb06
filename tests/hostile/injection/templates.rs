//! A tree of every stack, with places for hostile values.

mod compiled;

/// A tree with places.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) stack: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
    /// Directives of a web server that this stack writes beside the usual ones.
    pub(super) directives: &'static [&'static str],
}

const fn tree(
    name: &'static str,
    stack: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Template {
    Template { name, stack, files, directives: &[] }
}

pub(super) fn templates() -> impl Iterator<Item = &'static Template> {
    SCRIPTED.iter().chain(SITES).chain(compiled::COMPILED).chain(compiled::OTHERS)
}

const SCRIPTED: &[Template] = &[
    tree(
        "an express app",
        "node",
        &[
            (
                "package.json",
                r#"{"name":"⟦J:shop⟧","version":"⟦J:1.0.0⟧","main":"⟦J:server.js⟧","packageManager":"⟦J:npm@10.1.0⟧",
                "engines":{"node":"⟦J:>=20⟧","npm":"⟦J:10⟧"},"volta":{"node":"⟦J:22.1.0⟧"},
                "scripts":{"start":"⟦J!:node server.js⟧","build":"⟦J!:tsc⟧","postinstall":"⟦J!:true⟧","⟦J:odd⟧":"x"},
                "dependencies":{"express":"⟦J:^5.0.0⟧","⟦J:pg⟧":"^8.0.0"},"devDependencies":{"typescript":"⟦J:5⟧"}}"#,
            ),
            (
                "server.js",
                "const p = process.env.⟦L:SECRET_KEY⟧ || '⟦L:x⟧'; app.get('⟦L:/healthz⟧', h); app.listen(process.env.PORT || ⟦L:3000⟧)",
            ),
            (".env.example", "⟦L:API_KEY⟧=⟦L:x⟧\n"),
            (".nvmrc", "⟦L:22⟧\n"),
            (".tool-versions", "nodejs ⟦L:22.3.0⟧\n"),
            (
                "Procfile",
                "web: ⟦L!:node server.js⟧\n⟦L:worker⟧: ⟦L!:node worker.js⟧\nrelease: ⟦L!:node migrate.js⟧\n",
            ),
        ],
    ),
    tree(
        "an app without a start script",
        "node",
        &[
            ("package.json", r#"{"main":"⟦J:server.js⟧","dependencies":{"express":"1"}}"#),
            ("⟦L:server.js⟧", ""),
        ],
    ),
    tree(
        "a workspace of pnpm",
        "node",
        &[
            (
                "package.json",
                r#"{"name":"root","packageManager":"⟦J:pnpm@10.2.0⟧","scripts":{"start":"⟦J!:node apps/web/server.js⟧"}}"#,
            ),
            ("pnpm-workspace.yaml", "packages:\n  - \"⟦Y:apps/*⟧\"\n"),
            ("pnpm-lock.yaml", "lockfileVersion: \"⟦Y:9.0⟧\"\n"),
            (
                "apps/web/package.json",
                r#"{"name":"⟦J:web⟧","main":"⟦J:server.js⟧","scripts":{"start":"⟦J!:node server.js⟧"}}"#,
            ),
            ("apps/web/server.js", ""),
        ],
    ),
    tree(
        "a workspace of npm with a deep app",
        "node",
        &[
            (
                "package.json",
                r#"{"name":"root","workspaces":["⟦J:packages/*⟧"],"scripts":{"build":"⟦J!:turbo build⟧","start":"npm start -w ⟦J!:api⟧"}}"#,
            ),
            (
                "package-lock.json",
                r#"{"lockfileVersion":3,"packages":{"":{},"⟦J:packages/api⟧":{"name":"⟦J:api⟧"}}}"#,
            ),
            (
                "packages/⟦L:api⟧/package.json",
                r#"{"name":"⟦J:api⟧","scripts":{"start":"⟦J!:node a.js⟧"},"dependencies":{"fastify":"5"}}"#,
            ),
            ("packages/api/a.js", ""),
            ("turbo.json", r#"{"tasks":{"⟦J:build⟧":{"outputs":["⟦J:dist/**⟧"]}}}"#),
        ],
    ),
    tree(
        "a single-page app",
        "node",
        &[
            (
                "package.json",
                r#"{"scripts":{"build":"⟦J!:vite build⟧"},"devDependencies":{"vite":"⟦J:^7⟧","react":"19"}}"#,
            ),
            ("vite.config.js", "export default { build: { outDir: '⟦L:out⟧' }, base: '⟦L:/x/⟧' }"),
            ("index.html", "<script src=/src/main.js></script>"),
            ("public/_redirects", "⟦L:/old⟧ ⟦L:/new⟧ ⟦L:301⟧\n/* /index.html 200\n"),
            ("public/_headers", "⟦L:/*⟧\n  ⟦L:X-Frame-Options⟧: ⟦L:DENY⟧\n"),
        ],
    ),
    tree(
        "an app of Angular",
        "node",
        &[
            (
                "package.json",
                r#"{"scripts":{"build":"ng build"},"dependencies":{"@angular/core":"⟦J:^20⟧"},"devDependencies":{"@angular/cli":"20"}}"#,
            ),
            (
                "angular.json",
                r#"{"defaultProject":"⟦J:shop⟧","projects":{"⟦J:shop⟧":{"architect":{"build":{"builder":"@angular-devkit/build-angular:application","options":{"outputPath":"⟦J:dist/shop⟧"}}}}}}"#,
            ),
        ],
    ),
    tree(
        "an app of Next.js",
        "node",
        &[
            (
                "package.json",
                r#"{"scripts":{"build":"next build","start":"⟦J!:next start -p 4000⟧"},"dependencies":{"next":"⟦J:^16⟧"}}"#,
            ),
            (
                "next.config.js",
                "module.exports = { output: '⟦L:standalone⟧', distDir: '⟦L:.next⟧', basePath: '⟦L:/docs⟧' }",
            ),
        ],
    ),
    tree(
        "an app of Bun",
        "bun",
        &[
            (
                "package.json",
                r#"{"name":"⟦J:b⟧","module":"⟦J:index.ts⟧","scripts":{"start":"⟦J!:bun index.ts⟧"}}"#,
            ),
            ("bun.lock", "{}"),
            ("index.ts", "Bun.serve({ port: ⟦L:3000⟧ })"),
        ],
    ),
    tree(
        "a flask app",
        "python",
        &[
            ("requirements.txt", "flask==⟦L:3.1⟧\n⟦L:gunicorn⟧\n-r ⟦L:more.txt⟧\n"),
            ("more.txt", "⟦L:psycopg2⟧\n"),
            (".python-version", "⟦L:3.12⟧\n"),
            ("runtime.txt", "python-⟦L:3.12.1⟧\n"),
            (
                "⟦L:wsgi⟧.py",
                "import os\nfrom flask import Flask\n⟦L:app⟧ = Flask(__name__)\nos.environ['⟦L:SECRET_KEY⟧']\n@app.get('⟦L:/healthz⟧')\ndef h(): pass\napp.run(port=⟦L:5000⟧)\n",
            ),
            ("Aptfile", "⟦L:libpq-dev⟧\n"),
        ],
    ),
    tree(
        "a django app",
        "python",
        &[
            (
                "pyproject.toml",
                "[project]\nname = \"⟦T:shop⟧\"\nrequires-python = \"⟦T:>=3.11⟧\"\ndependencies = [\"⟦T:django⟧\", \"gunicorn\"]\n[project.scripts]\n\"⟦T:serve⟧\" = \"⟦T:shop.main:run⟧\"\n[tool.uv]\npackage = true\n[build-system]\nbuild-backend = \"⟦T:hatchling.build⟧\"\n",
            ),
            ("uv.lock", "version = 1\n"),
            ("manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', '⟦L:shop.settings⟧')"),
            (
                "⟦L:shop⟧/settings.py",
                "WSGI_APPLICATION = '⟦L:shop.wsgi.application⟧'\nSTATIC_ROOT = '⟦L:static⟧'\nMEDIA_ROOT = '⟦L:media⟧'\nDATABASE_URL = os.environ['⟦L:DATABASE_URL⟧']\n",
            ),
            ("shop/wsgi.py", "application = get_wsgi_application()"),
        ],
    ),
    tree(
        "a poetry project",
        "python",
        &[
            (
                "pyproject.toml",
                "[tool.poetry]\nname = \"⟦T:shop⟧\"\npackages = [{ include = \"⟦T:shop⟧\" }]\n[tool.poetry.dependencies]\npython = \"⟦T:^3.12⟧\"\nfastapi = \"⟦T:*⟧\"\nuvicorn = \"*\"\n[tool.poetry.scripts]\n\"⟦T:serve⟧\" = \"⟦T:shop:main⟧\"\n",
            ),
            ("poetry.lock", "[metadata]\nlock-version = \"⟦T:2.0⟧\"\n"),
            ("shop/⟦L:main⟧.py", "from fastapi import FastAPI\n⟦L:app⟧ = FastAPI()\n"),
        ],
    ),
    tree(
        "a pipenv project",
        "python",
        &[
            (
                "Pipfile",
                "[packages]\n\"⟦T:flask⟧\" = \"⟦T:*⟧\"\n[requires]\npython_version = \"⟦T:3.12⟧\"\n[scripts]\nstart = \"⟦T!:python app.py⟧\"\n",
            ),
            ("Pipfile.lock", r#"{"_meta":{"requires":{"python_version":"⟦J:3.12⟧"}},"default":{}}"#),
            ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
        ],
    ),
    tree(
        "a package with a console script",
        "python",
        &[
            (
                "pyproject.toml",
                "[project]\nname = \"shop\"\ndependencies = []\n[project.scripts]\n\"⟦T:serve⟧\" = \"⟦T:shop:run⟧\"\n[build-system]\nrequires = [\"⟦T:hatchling⟧\"]\nbuild-backend = \"hatchling.build\"\n",
            ),
            ("src/shop/__init__.py", ""),
        ],
    ),
    tree(
        "a package that is run",
        "python",
        &[("requirements.txt", "requests\n"), ("⟦L:shop⟧/__main__.py", "")],
    ),
    tree(
        "a django app in a folder",
        "python",
        &[
            ("requirements.txt", "django\n"),
            ("⟦L:site⟧/manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', '⟦L:shop.settings⟧')"),
            ("site/shop/wsgi.py", "application = get_wsgi_application()"),
            ("site/shop/settings.py", "STATIC_ROOT = 'x'\n"),
        ],
    ),
    tree("a panel app", "python", &[("requirements.txt", "panel\n"), ("⟦L:app⟧.py", "import panel as pn\n")]),
    tree(
        "a marimo app",
        "python",
        &[("requirements.txt", "marimo\n"), ("⟦L:app⟧.py", "import marimo\napp = marimo.App()\n")],
    ),
    tree(
        "a streamlit app",
        "python",
        &[("requirements.txt", "streamlit\n"), ("⟦L:app⟧.py", "import streamlit as st\n")],
    ),
];

const SITES: &[Template] = &[
    tree(
        "plain files",
        "static",
        &[
            (
                "Staticfile",
                "root: ⟦L:site⟧\npushstate: ⟦L:enabled⟧\n⟦L:directory⟧: ⟦L:visible⟧\nstatus_codes:\n  ⟦L:404⟧: ⟦L:/missing.html⟧\n",
            ),
            ("Staticfile.auth", "⟦L:ann⟧:⟦L:$apr1$abcdefgh$0123456789abcdefghijkl⟧\n"),
            ("site/index.html", ""),
            ("site/_redirects", "⟦L:/a⟧ ⟦L:/b⟧ ⟦L:302!⟧\n/u/:⟦L:id⟧ /v/:⟦L:id⟧\n"),
            ("site/_headers", "⟦L:/*⟧\n  ⟦L:X-A⟧: ⟦L:b⟧\n  Cache-Control: ⟦L:no-store⟧\n"),
            (
                "netlify.toml",
                "[[redirects]]\nfrom = \"⟦T:/x⟧\"\nto = \"⟦T:/y⟧\"\nstatus = 302\n[[headers]]\nfor = \"⟦T:/z⟧\"\n[headers.values]\n\"⟦T:X-B⟧\" = \"⟦T:c⟧\"\n[build]\npublish = \"⟦T:site⟧\"\ncommand = \"⟦T!:make⟧\"\n",
            ),
        ],
    ),
    tree(
        "a folder with an odd name",
        "static",
        &[("Staticfile", "root: ⟦L:my site⟧\n"), ("⟦L:my site⟧/index.html", "")],
    ),
    tree(
        "a site of Hugo",
        "static",
        &[
            (
                "hugo.toml",
                "baseURL = \"⟦T:https://a.example⟧\"\npublishDir = \"⟦T:public⟧\"\ntheme = \"⟦T:x⟧\"\n",
            ),
            ("content/_index.md", ""),
            (".hugo-version", "⟦L:0.140⟧\n"),
            ("netlify.toml", "[build.environment]\nHUGO_VERSION = \"⟦T:0.139⟧\"\n"),
        ],
    ),
    tree(
        "a site of Jekyll",
        "static",
        &[
            (
                "_config.yml",
                "title: \"⟦Y:a⟧\"\ndestination: \"⟦Y:_site⟧\"\nsource: \"⟦Y:.⟧\"\nbaseurl: \"⟦Y:/a⟧\"\nplugins: [\"⟦Y:jekyll-feed⟧\"]\n",
            ),
            ("Gemfile", "source 'x'\ngem 'jekyll', '⟦L:~> 4.3⟧'\n"),
            ("index.md", "---\n---\n"),
        ],
    ),
    tree(
        "a site of MkDocs",
        "static",
        &[
            (
                "mkdocs.yml",
                "site_name: \"⟦Y:a⟧\"\nsite_dir: \"⟦Y:site⟧\"\ndocs_dir: \"⟦Y:docs⟧\"\ntheme:\n  name: \"⟦Y:material⟧\"\nplugins:\n  - \"⟦Y:search⟧\"\n",
            ),
            ("docs/index.md", ""),
            ("requirements.txt", "mkdocs==⟦L:1.6⟧\n"),
        ],
    ),
    tree(
        "a site of Sphinx",
        "static",
        &[
            ("docs/conf.py", "extensions = ['⟦L:myst_parser⟧']\nhtml_theme = '⟦L:furo⟧'\n"),
            ("docs/index.rst", ""),
            ("docs/requirements.txt", "sphinx==⟦L:8⟧\n"),
        ],
    ),
    tree(
        "a book",
        "static",
        &[
            (
                "book.toml",
                "[book]\ntitle = \"⟦T:a⟧\"\nsrc = \"⟦T:src⟧\"\n[build]\nbuild-dir = \"⟦T:book⟧\"\n",
            ),
            ("src/SUMMARY.md", ""),
        ],
    ),
    tree(
        "a site of Zola",
        "static",
        &[
            ("config.toml", "base_url = \"⟦T:https://a.example⟧\"\noutput_dir = \"⟦T:public⟧\"\n"),
            ("content/_index.md", "+++\n+++\n"),
            ("templates/index.html", ""),
        ],
    ),
];
