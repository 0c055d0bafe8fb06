//! Servers of Node.js.

use super::{EXPRESS, EXPRESS_LOCK, LOCK, NODE, Shape};

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
            stack: "bun",
            version: "1.4",
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
    ]
}
