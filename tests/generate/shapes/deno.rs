//! Deno.

use super::{BASE, Shape};

const DENO: Shape = Shape { stack: "deno", version: "2.9.6", manager: "deno", port: 8000, ..BASE };

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "Deno with a start task and a lock",
            files: &[
                (
                    "deno.json",
                    r#"{"tasks":{"start":"deno run --allow-net main.ts"},"imports":{"@oak/oak":"jsr:@oak/oak@17"}}"#,
                ),
                ("deno.lock", r#"{"version":"5"}"#),
                ("main.ts", "Deno.serve({ port: 8100 }, handler);\n"),
            ],
            framework: "oak",
            install: "deno install --frozen",
            build: "deno cache --frozen main.ts",
            start: "deno task start",
            port: 8100,
            ..DENO
        },
        Shape {
            name: "Deno without a configuration",
            files: &[(
                "src/index.ts",
                "import { serve } from \"https://deno.land/std@0.181.0/http/server.ts\";\nserve(h);\n",
            )],
            build: "deno cache src/index.ts",
            start: "deno run -A src/index.ts",
            ..DENO
        },
        Shape {
            name: "Fresh whose start task is for development",
            files: &[
                (
                    "deno.json",
                    r#"{"tasks":{"dev":"deno task start","start":"deno run -A --watch=static/,routes/ dev.ts"},"imports":{"$fresh/":"https://deno.land/x/fresh@1.1.5/"}}"#,
                ),
                ("main.ts", "await start(manifest);\n"),
                ("dev.ts", ""),
                ("fresh.gen.ts", ""),
                ("routes/index.tsx", ""),
            ],
            framework: "fresh",
            install: "deno install",
            build: "deno cache main.ts",
            start: "deno run -A main.ts",
            ..DENO
        },
        Shape {
            name: "Fresh with a build",
            files: &[
                (
                    "deno.jsonc",
                    "{ // tasks\n\"tasks\":{\"build\":\"deno run -A dev.ts build\",\"start\":\"deno serve -A --port 4000 _fresh/server.js\",},\"imports\":{\"@fresh/core\":\"jsr:@fresh/core@^2\"}}",
                ),
                ("main.ts", ""),
                (".tool-versions", "deno 2.5\n"),
            ],
            version: "2.5.7",
            framework: "fresh",
            install: "deno install",
            build: "deno task build",
            start: "deno task start",
            port: 4000,
            ..DENO
        },
        Shape {
            name: "an old Deno beside a package.json",
            files: &[
                ("deno.json", r#"{"imports":{"hono":"npm:hono@4"},"tasks":{"start":"deno run -A main.ts"}}"#),
                ("package.json", r#"{"scripts":{"start":"node x.js"}}"#),
                (".deno-version", "1.46.3\n"),
                ("main.ts", ""),
            ],
            version: "1.46.3",
            framework: "hono",
            build: "deno cache main.ts",
            start: "deno task start",
            ..DENO
        },
        Shape {
            name: "a Deno workspace",
            files: &[
                ("deno.json", r#"{"workspace":["./api","./lib"]}"#),
                ("api/deno.json", r#"{"tasks":{"start":"deno run -A main.ts"}}"#),
                ("api/main.ts", ""),
                ("lib/deno.json", "{}"),
            ],
            install: "deno install",
            build: "deno cache api/main.ts",
            start: "deno task --cwd api start",
            ..DENO
        },
        Shape {
            name: "a formatter's configuration in an app of Node.js",
            files: &[
                ("deno.json", r#"{"fmt":{"lineWidth":100}}"#),
                ("package.json", r#"{"scripts":{"start":"node server.js"}}"#),
                ("package-lock.json", super::LOCK),
                ("server.js", ""),
            ],
            install: "npm ci",
            start: "node server.js",
            ..super::NODE
        },
    ]
}
