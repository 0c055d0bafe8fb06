//! Small applications in memory, after the shapes of real ones, with what has to be found in them.

/// A tree and what is expected of it. An empty text means none.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
    pub(crate) stack: &'static str,
    pub(crate) version: &'static str,
    pub(crate) framework: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) manager: &'static str,
    pub(crate) install: &'static str,
    pub(crate) build: &'static str,
    pub(crate) start: &'static str,
    pub(crate) static_dir: &'static str,
    pub(crate) port: u16,
}

const BASE: Shape = Shape {
    name: "",
    files: &[],
    stack: "",
    version: "",
    framework: "",
    variant: "",
    manager: "",
    install: "",
    build: "",
    start: "",
    static_dir: "",
    port: 0,
};

const NODE: Shape = Shape { stack: "node", version: "24.21", manager: "npm", port: 3000, ..BASE };
const PYTHON: Shape = Shape { stack: "python", version: "3.13", manager: "pip", port: 8000, ..BASE };
const GO: Shape = Shape { stack: "go", version: "1.27", manager: "go modules", port: 8080, ..BASE };
const RUST: Shape = Shape { stack: "rust", version: "1.95", manager: "cargo", port: 8080, ..BASE };
const STATIC: Shape = Shape { stack: "static", port: 8080, ..BASE };

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{"":{}}}"#;
const EXPRESS: &str = r#"{"dependencies":{"express":"^5.0.0"},"scripts":{"start":"node server.js"}}"#;
const EXPRESS_LOCK: &str = r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"express":"^5.0.0"}},"node_modules/express":{"version":"5.1.0"}}}"#;

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        // Node.js servers
        Shape {
            name: "express with npm",
            files: &[
                ("package.json", EXPRESS),
                ("package-lock.json", EXPRESS_LOCK),
                ("server.js", "app.get('/health', h)\napp.listen(process.env.PORT || 4000)"),
            ],
            framework: "express",
            install: "npm ci --omit=dev",
            start: "node server.js",
            port: 4000,
            ..NODE
        },
        Shape {
            name: "a plain entry without scripts",
            files: &[
                ("package.json", r#"{"main":"inbex.js"}"#),
                ("index.js", "require('http').createServer().listen(8123)"),
            ],
            install: "npm install",
            start: "node index.js",
            port: 8123,
            ..NODE
        },
        Shape {
            name: "TypeScript without a start",
            files: &[
                ("package.json", r#"{"main":"index.js","devDependencies":{"typescript":"5"}}"#),
                ("package-lock.json", LOCK),
                ("index.ts", ""),
                ("tsconfig.json", "{}"),
            ],
            install: "npm install --omit=dev",
            ..NODE
        },
        Shape {
            name: "fastify with pnpm 8 and a build",
            files: &[
                (
                    "package.json",
                    r#"{"main":"index.js","dependencies":{"fastify":"4"},"devDependencies":{"typescript":"5"},"scripts":{"build":"tsc","start":"node dist/index.js"}}"#,
                ),
                ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n"),
                ("index.ts", "fastify.listen({ port: 3333 })"),
            ],
            framework: "fastify",
            manager: "pnpm",
            install: "pnpm install --frozen-lockfile",
            build: "pnpm run build",
            start: "node dist/index.js",
            port: 3333,
            ..NODE
        },
        Shape {
            name: "yarn 1 with an old Node.js",
            files: &[
                (
                    "package.json",
                    r#"{"engines":{"node":"16.x"},"scripts":{"start":"echo $(node --version) && node index.js"}}"#,
                ),
                ("yarn.lock", "# yarn lockfile v1\n"),
                ("index.js", ""),
            ],
            version: "16.20",
            manager: "yarn",
            install: "yarn install --frozen-lockfile",
            start: "yarn run start",
            ..NODE
        },
        Shape {
            name: "modern yarn by packageManager",
            files: &[
                (
                    "package.json",
                    r#"{"packageManager":"yarn@4.5.3","workspaces":["packages/*"],"dependencies":{"a":"1"},"scripts":{"start":"node index.js"}}"#,
                ),
                ("yarn.lock", "__metadata:\n"),
                (".yarnrc.yml", "nodeLinker: node-modules\n"),
                ("index.js", ""),
                ("packages/a/package.json", "{}"),
            ],
            manager: "yarn",
            install: "yarn install --immutable",
            start: "node index.js",
            ..NODE
        },
        Shape {
            name: "yarn without node_modules",
            files: &[
                ("package.json", r#"{"dependencies":{"a":"1"},"scripts":{"start":"node index.js"}}"#),
                ("yarn.lock", "__metadata:\n"),
                (".yarnrc.yml", ""),
                (".node-version", "18.20.5\n"),
                ("index.js", ""),
            ],
            version: "18.20.5",
            manager: "yarn",
            install: "yarn install --immutable",
            start: "yarn run start",
            ..NODE
        },
        Shape {
            name: "bun",
            files: &[
                ("package.json", r#"{"dependencies":{"hono":"4"},"scripts":{"start":"bun index.ts"}}"#),
                ("bun.lock", "{}"),
                ("index.ts", ""),
            ],
            framework: "hono",
            manager: "bun",
            install: "bun install --frozen-lockfile --production",
            start: "bun index.ts",
            ..NODE
        },
        Shape {
            name: "a lock file that does not fit",
            files: &[("package.json", EXPRESS), ("package-lock.json", LOCK), ("server.js", "")],
            framework: "express",
            install: "npm install --omit=dev",
            start: "node server.js",
            ..NODE
        },
        Shape {
            name: "nest",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@nestjs/core":"11"},"devDependencies":{"@nestjs/cli":"11"},"scripts":{"build":"nest build","start":"nest start","start:prod":"node dist/main"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("src/main.ts", "await app.listen(process.env.PORT ?? 3000);"),
            ],
            framework: "nest",
            install: "npm ci",
            build: "npm run build",
            start: "node dist/main",
            ..NODE
        },
        Shape {
            name: "a Procfile wins",
            files: &[
                ("package.json", r#"{"main":"index.js","scripts":{"build":"echo"}}"#),
                ("Procfile", "release: no\nweb: node web.js --port 5005\n"),
                ("index.js", ""),
            ],
            install: "npm install",
            build: "npm run build",
            start: "node web.js --port 5005",
            port: 5005,
            ..NODE
        },
        Shape {
            name: "turborepo whose root cannot be started",
            files: &[
                (
                    "package.json",
                    r#"{"packageManager":"pnpm@9.5.0","engines":{"node":">=18.0.0"},"devDependencies":{"turbo":"2"},"workspaces":["apps/*"],"scripts":{"build":"turbo build"}}"#,
                ),
                ("pnpm-lock.yaml", "lockfileVersion: '9.0'"),
                ("pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n"),
                ("apps/web/package.json", "{}"),
            ],
            framework: "turborepo",
            manager: "pnpm",
            install: "pnpm install --frozen-lockfile",
            build: "pnpm run build",
            ..NODE
        },
        Shape {
            name: "turborepo with a start task",
            files: &[
                (
                    "package.json",
                    r#"{"packageManager":"npm@8.15.0","devDependencies":{"turbo":"1"},"workspaces":["apps/*"],"scripts":{"build":"turbo run build"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("turbo.json", r#"{"pipeline":{"build":{},"start":{}}}"#),
                ("apps/web/package.json", "{}"),
            ],
            framework: "turborepo",
            install: "npm ci",
            build: "npm run build",
            start: "npx turbo run start",
            ..NODE
        },
        Shape {
            name: "nx with a default project",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"express":"4"},"devDependencies":{"nx":"15","next":"13"},"scripts":{"build":"nx build","start":"nx serve"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("nx.json", r#"{"defaultProject":"express-app"}"#),
                ("workspace.json", r#"{"projects":{"express-app":"apps/express-app"}}"#),
                (
                    "apps/express-app/project.json",
                    r#"{"targets":{"build":{"executor":"@nrwl/node:webpack","options":{"outputPath":"dist/apps/express-app","main":"apps/express-app/src/main.ts"}}}}"#,
                ),
            ],
            framework: "nx",
            install: "npm ci",
            build: "npx nx run express-app:build",
            start: "node dist/apps/express-app/main.js",
            ..NODE
        },
        Shape {
            name: "an app two folders down",
            files: &[("a/b/package.json", r#"{"main":"index.js"}"#), ("a/b/index.js", "")],
            install: "npm install",
            start: "node index.js",
            ..NODE
        },
        // Rendered and static front ends
        Shape {
            name: "next",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"next":"16","react":"19"},"scripts":{"build":"next build","start":"next start"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("next.config.ts", "export default {}"),
                ("app/api/health/route.ts", ""),
            ],
            framework: "next",
            variant: "ssr",
            install: "npm ci",
            build: "npm run build",
            start: "next start",
            ..NODE
        },
        Shape {
            name: "next, standalone",
            files: &[
                ("package.json", r#"{"dependencies":{"next":"16"},"scripts":{"build":"next build"}}"#),
                ("package-lock.json", "{}"),
                ("next.config.js", "module.exports = { output: 'standalone' }"),
                ("public/a.txt", ""),
            ],
            framework: "next",
            variant: "ssr",
            install: "npm ci",
            build: "npm run build",
            start: "node server.js",
            ..NODE
        },
        Shape {
            name: "next, exported",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"next":"16"},"scripts":{"build":"next build","start":"next start"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("next.config.mjs", "export default { // output: 'standalone'\n output: \"export\" }"),
            ],
            framework: "next",
            variant: "spa",
            install: "npm ci",
            build: "npm run build",
            static_dir: "out",
            port: 8080,
            ..NODE
        },
        Shape {
            name: "nuxt",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"nuxt":"4"},"scripts":{"build":"nuxt build","postinstall":"nuxt prepare"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("nuxt.config.ts", ""),
            ],
            framework: "nuxt",
            variant: "ssr",
            install: "npm ci",
            build: "npm run build",
            start: "node .output/server/index.mjs",
            ..NODE
        },
        Shape {
            name: "remix",
            files: &[
                (
                    "package.json",
                    r#"{"engines":{"node":">=20.0.0"},"dependencies":{"@remix-run/node":"2","@remix-run/serve":"2"},"devDependencies":{"vite":"6"},"scripts":{"build":"remix vite:build","start":"remix-serve ./build/server/index.js"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("vite.config.ts", ""),
            ],
            framework: "remix",
            variant: "ssr",
            install: "npm ci",
            build: "npm run build",
            start: "remix-serve ./build/server/index.js",
            ..NODE
        },
        Shape {
            name: "react router in the browser",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"react":"19"},"devDependencies":{"@react-router/dev":"7","vite":"6"},"scripts":{"build":"react-router build","start":"react-router-serve x"}}"#,
                ),
                ("pnpm-lock.yaml", "lockfileVersion: '6.0'"),
                ("react-router.config.ts", "export default { ssr: false }"),
            ],
            framework: "react-router",
            variant: "spa",
            manager: "pnpm",
            install: "pnpm install --frozen-lockfile",
            build: "pnpm run build",
            static_dir: "build/client",
            port: 8080,
            ..NODE
        },
        Shape {
            name: "sveltekit for Node.js",
            files: &[
                (
                    "package.json",
                    r#"{"devDependencies":{"@sveltejs/kit":"2","@sveltejs/adapter-node":"5","vite":"6"},"scripts":{"build":"vite build"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("svelte.config.js", "import adapter from '@sveltejs/adapter-node'"),
            ],
            framework: "sveltekit",
            variant: "ssr",
            install: "npm ci",
            build: "npm run build",
            start: "node build",
            ..NODE
        },
        Shape {
            name: "astro, static, told not to fall back",
            files: &[
                ("package.json", r#"{"dependencies":{"astro":"5"},"scripts":{"build":"astro build"}}"#),
                ("package-lock.json", "{}"),
                ("astro.config.mjs", ""),
                ("Staticfile", "index_fallback: false"),
            ],
            framework: "astro",
            variant: "spa",
            install: "npm ci",
            build: "npm run build",
            static_dir: "dist",
            port: 8080,
            ..NODE
        },
        Shape {
            name: "astro, rendered",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"astro":"5","@astrojs/node":"9"},"scripts":{"build":"astro build","start":"node dist/server/entry.mjs"}}"#,
                ),
                ("pnpm-lock.yaml", "lockfileVersion: '6.0'"),
                ("astro.config.mjs", "export default { output: 'server', adapter: node() }"),
            ],
            framework: "astro",
            variant: "ssr",
            manager: "pnpm",
            install: "pnpm install --frozen-lockfile",
            build: "pnpm run build",
            start: "node dist/server/entry.mjs",
            port: 4321,
            ..NODE
        },
        Shape {
            name: "vite",
            files: &[
                (
                    "package.json",
                    r#"{"devDependencies":{"vite":"6","react":"19"},"scripts":{"dev":"vite","build":"tsc && vite build"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("index.html", ""),
                ("vite.config.ts", "export default defineConfig({ build: { outDir: 'web' } })"),
            ],
            framework: "vite",
            variant: "spa",
            install: "npm ci",
            build: "npm run build",
            static_dir: "web",
            port: 8080,
            ..NODE
        },
        Shape {
            name: "create-react-app",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"react-scripts":"5"},"scripts":{"start":"react-scripts start","build":"react-scripts build"}}"#,
                ),
                ("yarn.lock", ""),
            ],
            framework: "cra",
            variant: "spa",
            manager: "yarn",
            install: "yarn install --frozen-lockfile",
            build: "yarn run build",
            static_dir: "build",
            port: 8080,
            ..NODE
        },
        Shape {
            name: "angular",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@angular/core":"19"},"scripts":{"build":"ng build","start":"ng serve"}}"#,
                ),
                ("package-lock.json", "{}"),
                (
                    "angular.json",
                    r#"{"projects":{"shop":{"architect":{"build":{"builder":"@angular-devkit/build-angular:application","options":{"outputPath":"dist/shop"}}}}}}"#,
                ),
            ],
            framework: "angular",
            variant: "spa",
            install: "npm ci",
            build: "npm run build",
            static_dir: "dist/shop/browser",
            port: 8080,
            ..NODE
        },
        // Python
        Shape {
            name: "fastapi with uv",
            files: &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"fastapi[standard]>=0.115\"]\n",
                ),
                ("uv.lock", ""),
                (
                    "main.py",
                    "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/healthz')\ndef h(): ...\n",
                ),
            ],
            framework: "fastapi",
            manager: "uv",
            install: "uv sync --frozen --no-dev",
            start: "uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}",
            ..PYTHON
        },
        Shape {
            name: "fastapi in a package",
            files: &[
                ("requirements.txt", "fastapi==0.115.0\nuvicorn[standard]\n"),
                ("src/shop/api.py", "import fastapi\napplication: fastapi.FastAPI = fastapi.FastAPI()\n"),
                ("src/shop/__init__.py", ""),
            ],
            framework: "fastapi",
            install: "pip install -r requirements.txt",
            start: "uvicorn shop.api:application --app-dir src --host 0.0.0.0 --port ${PORT:-8000}",
            ..PYTHON
        },
        Shape {
            name: "flask behind gunicorn",
            files: &[
                ("requirements.txt", "Flask\ngunicorn\n"),
                (
                    "main.py",
                    "from flask import Flask\napp = Flask(__name__)\nif __name__ == '__main__':\n    app.run(port=5000)\n",
                ),
            ],
            framework: "flask",
            install: "pip install -r requirements.txt",
            start: "gunicorn --bind 0.0.0.0:${PORT:-8000} main:app",
            ..PYTHON
        },
        Shape {
            name: "flask with a factory",
            files: &[
                ("requirements.txt", "Flask==3.1.0\n"),
                (
                    "shop/__init__.py",
                    "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
                ),
            ],
            framework: "flask",
            install: "pip install -r requirements.txt",
            start: "gunicorn --bind 0.0.0.0:${PORT:-8000} 'shop:create_app()'",
            ..PYTHON
        },
        Shape {
            name: "flask that is only listed",
            files: &[("requirements.txt", "flask\ngunicorn\n"), ("main.py", "print('hello')\n")],
            framework: "flask",
            install: "pip install -r requirements.txt",
            start: "python main.py",
            ..PYTHON
        },
        Shape {
            name: "django",
            files: &[
                ("requirements.txt", "Django>=5\nmysqlclient\n"),
                ("manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'python_django.settings')"),
                ("python_django/wsgi.py", "application = get_wsgi_application()"),
                ("python_django/settings.py", "STATIC_ROOT = BASE_DIR / 'static'"),
            ],
            framework: "django",
            install: "pip install -r requirements.txt",
            build: "python manage.py collectstatic --noinput",
            start: "gunicorn python_django.wsgi:application --bind 0.0.0.0:${PORT:-8000}",
            ..PYTHON
        },
        Shape {
            name: "poetry with a pinned Python",
            files: &[
                (
                    "pyproject.toml",
                    "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"^3.10\"\n",
                ),
                (
                    "poetry.lock",
                    "# This file is automatically @generated by Poetry 2.1.3 and should not be changed by hand.\n",
                ),
                (".tool-versions", "python 3.12.3\npoetry 1.8.2\n"),
                ("main.py", ""),
            ],
            version: "3.12.3",
            manager: "poetry",
            install: "poetry install --only main --no-root --no-interaction",
            start: "python main.py",
            ..PYTHON
        },
        Shape {
            name: "pdm",
            files: &[
                ("pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"flask\", \"waitress\"]\n"),
                ("pdm.lock", ""),
                ("app.py", "import flask\nweb = flask.Flask('a')\n"),
            ],
            framework: "flask",
            manager: "pdm",
            install: "pdm sync --prod --no-self --no-editable",
            start: "waitress-serve --listen=0.0.0.0:${PORT:-8000} app:web",
            ..PYTHON
        },
        Shape {
            name: "pipenv",
            files: &[
                ("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_version = \"3.11\"\n"),
                ("Pipfile.lock", "{}"),
                ("wsgi.py", "from a import create_app\napp = create_app()\n"),
            ],
            version: "3.11",
            framework: "flask",
            manager: "pipenv",
            install: "pipenv install --deploy",
            start: "gunicorn --bind 0.0.0.0:${PORT:-8000} wsgi:app",
            ..PYTHON
        },
        Shape {
            name: "a lone script of Python 2",
            files: &[("main.py", "print 'hello'"), ("runtime.txt", "python-2.7")],
            version: "2.7",
            manager: "",
            start: "python main.py",
            ..PYTHON
        },
        Shape {
            name: "a Procfile that names the main file",
            files: &[
                ("requirements.txt", "requests==2.32.0\n"),
                ("Procfile", "web: python src/app/serve.py\nworker: python work.py\n"),
                ("src/app/serve.py", ""),
            ],
            install: "pip install -r requirements.txt",
            start: "python src/app/serve.py",
            ..PYTHON
        },
        Shape {
            name: "python with a package.json for its assets",
            files: &[
                ("requirements.txt", "flask\n"),
                ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
                (
                    "package.json",
                    r#"{"devDependencies":{"tailwindcss":"4"},"scripts":{"build":"tailwindcss"}}"#,
                ),
            ],
            framework: "flask",
            install: "pip install -r requirements.txt",
            start: "gunicorn --bind 0.0.0.0:${PORT:-8000} app:app",
            ..PYTHON
        },
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
        // Rust
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
