//! Front ends, rendered and static.

use super::{NODE, Shape};

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
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
    ]
}
