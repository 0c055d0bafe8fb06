//! Frameworks of Node.js and Bun, after the shapes that their generators of projects make.

use super::{NODE, Shape};

const SERVER: Shape = Shape { install: "npm ci", build: "npm run build", variant: "ssr", ..NODE };
const FILES: Shape = Shape { install: "npm ci", build: "npm run build", variant: "spa", port: 8080, ..NODE };
const BUN: Shape = Shape { stack: "bun", version: "1.4", manager: "bun", ..NODE };

pub(crate) fn shapes() -> Vec<Shape> {
    [servers(), sites(), traps(), buns()].into_iter().flatten().collect()
}

fn servers() -> Vec<Shape> {
    vec![
        Shape {
            name: "react router with a server",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@react-router/node":"7","@react-router/serve":"7","react":"19"},"devDependencies":{"@react-router/dev":"7","vite":"6"},"scripts":{"build":"react-router build","start":"react-router-serve ./build/server/index.js"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("react-router.config.ts", "export default { ssr: true }"),
                ("vite.config.ts", ""),
            ],
            framework: "react-router",
            start: "react-router-serve ./build/server/index.js",
            ..SERVER
        },
        Shape {
            name: "tanstack start",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@tanstack/react-start":"1","react":"19"},"devDependencies":{"vite":"7"},"scripts":{"dev":"vite dev","build":"vite build","start":"node .output/server/index.mjs"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "tanstack-start",
            start: "node .output/server/index.mjs",
            ..SERVER
        },
        Shape {
            name: "solid start",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@solidjs/start":"1","vinxi":"0.5"},"scripts":{"dev":"vinxi dev","build":"vinxi build"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "solid-start",
            start: "node .output/server/index.mjs",
            ..SERVER
        },
        Shape {
            name: "sveltekit without a chosen adapter",
            files: &[
                (
                    "package.json",
                    r#"{"devDependencies":{"@sveltejs/kit":"2","@sveltejs/adapter-auto":"6","vite":"7"},"scripts":{"build":"vite build","prepare":"svelte-kit sync || echo ''"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("svelte.config.js", "import adapter from '@sveltejs/adapter-auto'"),
            ],
            framework: "sveltekit",
            start: "node build",
            ..SERVER
        },
        Shape {
            name: "angular with a server",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@angular/core":"20","@angular/ssr":"20","express":"5"},"scripts":{"build":"ng build","start":"ng serve","serve:ssr:shop":"node dist/shop/server/server.mjs"}}"#,
                ),
                ("package-lock.json", "{}"),
                (
                    "angular.json",
                    r#"{"projects":{"shop":{"projectType":"application","architect":{"build":{"builder":"@angular/build:application","options":{"outputMode":"server","ssr":{"entry":"src/server.ts"}}}}}}}"#,
                ),
            ],
            framework: "angular",
            start: "node dist/shop/server/server.mjs",
            port: 4000,
            ..SERVER
        },
        Shape {
            name: "next with its development server as start",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"next":"15"},"scripts":{"build":"next build","start":"next dev"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "next",
            start: "next start",
            ..SERVER
        },
        Shape {
            name: "strapi",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@strapi/strapi":"5","better-sqlite3":"12"},"scripts":{"develop":"strapi develop","build":"strapi build","start":"strapi start"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("config/server.js", ""),
            ],
            framework: "strapi",
            variant: "",
            start: "strapi start",
            port: 1337,
            ..SERVER
        },
        Shape {
            name: "adonis",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@adonisjs/core":"6"},"scripts":{"start":"node bin/server.js","build":"node ace build"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("bin/server.ts", ""),
            ],
            framework: "adonis",
            variant: "",
            start: "node build/bin/server.js",
            port: 3333,
            ..SERVER
        },
        Shape {
            name: "koa with yarn 1 by packageManager",
            files: &[
                (
                    "package.json",
                    r#"{"packageManager":"yarn@1.22.22","dependencies":{"koa":"3"},"scripts":{"build":"tsc","start":"node dist/index.js"}}"#,
                ),
                ("yarn.lock", "# yarn lockfile v1\n"),
                ("src/index.ts", "app.listen(3400)"),
            ],
            framework: "koa",
            variant: "",
            manager: "yarn",
            install: "yarn install --frozen-lockfile",
            build: "yarn run build",
            start: "node dist/index.js",
            port: 3400,
            ..SERVER
        },
    ]
}

fn sites() -> Vec<Shape> {
    vec![
        Shape {
            name: "nuxt, generated",
            files: &[
                ("package.json", r#"{"dependencies":{"nuxt":"4"},"scripts":{"build":"nuxt generate"}}"#),
                ("package-lock.json", "{}"),
            ],
            framework: "nuxt",
            static_dir: ".output/public",
            ..FILES
        },
        Shape {
            name: "sveltekit as files",
            files: &[
                (
                    "package.json",
                    r#"{"devDependencies":{"@sveltejs/kit":"2","@sveltejs/adapter-static":"3"},"scripts":{"build":"vite build"}}"#,
                ),
                ("package-lock.json", "{}"),
                (
                    "svelte.config.js",
                    "import adapter from '@sveltejs/adapter-static'\nexport default { kit: { adapter: adapter({ fallback: 'index.html' }) } }",
                ),
            ],
            framework: "sveltekit",
            static_dir: "build",
            ..FILES
        },
        Shape {
            name: "vue's command line",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"vue":"3"},"devDependencies":{"@vue/cli-service":"5"},"scripts":{"serve":"vue-cli-service serve","build":"vue-cli-service build"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "vue-cli",
            static_dir: "dist",
            ..FILES
        },
        Shape {
            name: "expo for the web",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"expo":"54","react-native-web":"0.21"},"scripts":{"start":"expo start","web":"expo start --web"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("app.json", r#"{"expo":{"web":{"output":"single"}}}"#),
            ],
            framework: "expo",
            build: "npx expo export --platform web",
            static_dir: "dist",
            ..FILES
        },
        Shape {
            name: "gatsby",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"gatsby":"5"},"scripts":{"start":"gatsby develop","build":"gatsby build"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "gatsby",
            static_dir: "public",
            ..FILES
        },
        Shape {
            name: "docusaurus",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"@docusaurus/core":"3"},"scripts":{"start":"docusaurus start","build":"docusaurus build"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "docusaurus",
            static_dir: "build",
            ..FILES
        },
        Shape {
            name: "vitepress",
            files: &[
                (
                    "package.json",
                    r#"{"devDependencies":{"vitepress":"1"},"scripts":{"dev":"vitepress dev docs","build":"vitepress build docs"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("docs/.vitepress/config.mts", ""),
                ("docs/index.md", ""),
            ],
            framework: "vitepress",
            static_dir: "docs/.vitepress/dist",
            ..FILES
        },
        Shape {
            name: "eleventy",
            files: &[
                (
                    "package.json",
                    r#"{"devDependencies":{"@11ty/eleventy":"3"},"scripts":{"start":"eleventy --serve","build":"eleventy"}}"#,
                ),
                ("package-lock.json", "{}"),
            ],
            framework: "eleventy",
            static_dir: "_site",
            ..FILES
        },
        Shape {
            name: "vite with bun as the package manager",
            files: &[
                ("package.json", r#"{"devDependencies":{"vite":"7"},"scripts":{"build":"vite build"}}"#),
                ("bun.lock", "{}"),
                ("index.html", ""),
            ],
            framework: "vite",
            manager: "bun",
            install: "bun install --frozen-lockfile",
            build: "bun run build",
            static_dir: "dist",
            ..FILES
        },
        Shape {
            name: "vite whose start is its own server",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"vue":"3"},"devDependencies":{"vite":"7"},"scripts":{"start":"vite preview --host","build":"vite build --outDir out"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("index.html", ""),
            ],
            framework: "vite",
            static_dir: "out",
            ..FILES
        },
    ]
}

fn traps() -> Vec<Shape> {
    vec![
        Shape {
            name: "a start that watches",
            files: &[
                (
                    "package.json",
                    r#"{"dependencies":{"express":"5"},"devDependencies":{"nodemon":"3"},"scripts":{"start":"nodemon server.js"}}"#,
                ),
                ("package-lock.json", "{}"),
                ("server.js", "app.listen(4500)"),
            ],
            framework: "express",
            install: "npm ci --omit=dev",
            start: "node server.js",
            port: 4500,
            ..NODE
        },
        Shape {
            name: "a token for the registry, native packages and a pinned npm",
            files: &[
                (
                    "package.json",
                    r#"{"packageManager":"npm@10.9.6","engines":{"node":"*"},"dependencies":{"canvas":"3","sharp":"0.34","better-sqlite3":"12"},"scripts":{"start":"node index.js"}}"#,
                ),
                ("package-lock.json", "{}"),
                (".npmrc", "//registry.example.com/:_authToken=${NPM_TOKEN}\n"),
                ("index.js", ""),
            ],
            install: "npm ci --omit=dev",
            start: "node index.js",
            ..NODE
        },
        Shape {
            name: "prisma with yarn and an old node",
            files: &[
                (
                    "package.json",
                    r#"{"engines":{"node":"14.x"},"dependencies":{"@prisma/client":"3"},"devDependencies":{"prisma":"3"},"scripts":{"build":"tsc","start":"node dist/index.js"}}"#,
                ),
                ("yarn.lock", "# yarn lockfile v1\n"),
                ("prisma/schema.prisma", ""),
                ("src/index.ts", ""),
            ],
            version: "14.21",
            manager: "yarn",
            install: "yarn install --frozen-lockfile",
            build: "yarn run build",
            start: "node dist/index.js",
            ..NODE
        },
        Shape {
            name: "pnpm by engines",
            files: &[
                (
                    "package.json",
                    r#"{"main":"main.js","engines":{"node":"22.19.0","pnpm":"8.15.9"},"scripts":{"start":"node main.js"}}"#,
                ),
                ("main.js", ""),
            ],
            version: "22.19.0",
            manager: "pnpm",
            install: "pnpm install --no-frozen-lockfile",
            start: "node main.js",
            ..NODE
        },
        Shape {
            name: "a workspace with one app",
            files: &[
                (
                    "package.json",
                    r#"{"packageManager":"pnpm@9.5.0","devDependencies":{"turbo":"2"},"scripts":{"build":"turbo build"}}"#,
                ),
                ("pnpm-lock.yaml", "lockfileVersion: '9.0'"),
                ("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n"),
                ("turbo.json", "{}"),
                (
                    "apps/shop/package.json",
                    r#"{"name":"shop","dependencies":{"fastify":"5","@x/ui":"workspace:*"},"scripts":{"build":"tsc","start":"node dist/main.js"}}"#,
                ),
                (
                    "packages/ui/package.json",
                    r#"{"name":"@x/ui","main":"dist/index.js","scripts":{"build":"tsc"}}"#,
                ),
            ],
            framework: "fastify",
            manager: "pnpm",
            install: "pnpm install --frozen-lockfile",
            build: "pnpm exec turbo run build --filter=shop",
            start: "node dist/main.js",
            ..NODE
        },
    ]
}

fn buns() -> Vec<Shape> {
    vec![
        Shape {
            name: "bun without scripts",
            files: &[("package.json", "{}"), ("bun.lock", "{}"), ("bunfig.toml", ""), ("index.ts", "")],
            install: "bun install --frozen-lockfile",
            start: "bun index.ts",
            ..BUN
        },
        Shape {
            name: "bun by its engine",
            files: &[
                (
                    "package.json",
                    r#"{"main":"app.js","engines":{"bun":">=1.0.0"},"scripts":{"start":"bun app.js"}}"#,
                ),
                ("app.js", ""),
            ],
            install: "bun install",
            start: "bun app.js",
            ..BUN
        },
        Shape {
            name: "bun with prisma",
            files: &[
                (
                    "package.json",
                    r#"{"engines":{"node":"22.x"},"dependencies":{"@prisma/client":"6"},"devDependencies":{"prisma":"6"},"scripts":{"build":"prisma generate","start":"bun index.ts"}}"#,
                ),
                ("bun.lockb", ""),
                ("prisma/schema.prisma", ""),
                ("index.ts", ""),
            ],
            version: "22.23",
            stack: "node",
            install: "bun install --frozen-lockfile",
            build: "bun run build",
            start: "bun index.ts",
            ..BUN
        },
    ]
}
