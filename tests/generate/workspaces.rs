//! Apps inside a repository of several, and the services of a repository.

use byop_core::generator::{builtin, services};
use byop_core::model::{Builder, Preview, ServiceFound, ServiceKind, Severity};
use byop_core::source::SourceTree;

use crate::{show, spec};

fn focused(files: &[(&str, &str)], root: &str) -> Preview {
    let mut spec = spec();
    spec.build.root = Some(root.into());
    show(files, &spec, Builder::BuildKit).unwrap()
}

fn text(found: &Preview) -> &str {
    found.files.get("Dockerfile").unwrap()
}

const WEB: &str = r#"{"name":"@acme/web","dependencies":{"next":"15","@acme/ui":"workspace:*"},"scripts":{"build":"next build","start":"next start"}}"#;
const UI: &str = r#"{"name":"@acme/ui","main":"dist/index.js","dependencies":{"@acme/tokens":"workspace:*"},"scripts":{"build":"tsc"}}"#;
const TOKENS: &str = r#"{"name":"@acme/tokens","main":"index.js"}"#;
const API: &str =
    r#"{"name":"@acme/api","dependencies":{"express":"5"},"scripts":{"start":"node server.js"}}"#;

const PNPM: &[(&str, &str)] = &[
    ("package.json", r#"{"private":true,"packageManager":"pnpm@10.2.0","engines":{"node":"22.x"}}"#),
    ("pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n  - 'libs/*'\n"),
    ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
    ("apps/web/package.json", WEB),
    ("apps/web/next.config.js", "module.exports = {}"),
    ("apps/api/package.json", API),
    ("apps/api/server.js", "app.get('/health', h); app.listen(4000)"),
    ("libs/ui-kit/package.json", UI),
    ("libs/tokens/package.json", TOKENS),
];

#[test]
fn an_app_of_a_workspace_is_built_from_the_root_with_what_it_needs() {
    let found = focused(PNPM, "apps/web");
    let plan = &found.plan;
    assert_eq!(plan.root, "apps/web");
    assert_eq!(plan.framework.as_deref(), Some("next"));
    assert_eq!(plan.version.as_deref(), Some("22.23"));
    assert_eq!(plan.package_manager_version.as_deref(), Some("10.2.0"));
    assert_eq!(plan.build.as_deref(), Some("pnpm --filter @acme/web... run build"));
    assert_eq!(plan.start.as_deref(), Some("next start"));
    let text = text(&found);
    for line in [
        "COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./",
        "COPY libs/tokens/package.json ./libs/tokens/",
        "pnpm install --frozen-lockfile --prod --filter @acme/web...",
        "COPY --from=build /app/libs/ui-kit ./libs/ui-kit",
        "COPY --from=build /app/apps/web/.next ./apps/web/.next",
        "WORKDIR /app/apps/web",
        "CMD [\"next\", \"start\"]",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    assert!(!text.contains("COPY --from=build /app/apps/api"), "another app is in the image\n{text}");
}

#[test]
fn each_tool_builds_the_app_and_what_it_needs() {
    let lib = r#"{"name":"@a/lib","scripts":{"build":"tsc"}}"#;
    let app =
        r#"{"name":"web","dependencies":{"@a/lib":"*"},"scripts":{"build":"tsc","start":"node dist/x.js"}}"#;
    for (name, root, extra, build) in [
        (
            "npm",
            r#"{"workspaces":["apps/*","libs/*"]}"#,
            ("package-lock.json", "{}"),
            "npm run build -w libs/lib && npm run build -w apps/web",
        ),
        (
            "yarn",
            r#"{"workspaces":{"packages":["apps/*","libs/*"]}}"#,
            ("yarn.lock", "# yarn lockfile v1"),
            "yarn workspace @a/lib run build && yarn workspace web run build",
        ),
        (
            "bun",
            r#"{"workspaces":["apps/*","libs/*"]}"#,
            ("bun.lock", "{}"),
            "bun run --cwd libs/lib build && bun run --cwd apps/web build",
        ),
        (
            "turbo",
            r#"{"workspaces":["apps/*","libs/*"],"devDependencies":{"turbo":"2"}}"#,
            ("turbo.json", "{}"),
            "npx turbo run build --filter=web",
        ),
        (
            "nx",
            r#"{"workspaces":["apps/*","libs/*"],"devDependencies":{"nx":"21"}}"#,
            ("nx.json", "{}"),
            "npx nx run web:build",
        ),
        (
            "lerna",
            r#"{"workspaces":["apps/*","libs/*"],"devDependencies":{"lerna":"9"}}"#,
            ("lerna.json", "{}"),
            "npx lerna run build --scope=web --include-dependencies",
        ),
        (
            "moon",
            r#"{"workspaces":["apps/*","libs/*"],"devDependencies":{"@moonrepo/cli":"1"}}"#,
            (".moon/workspace.yml", ""),
            "npx moon run web:build",
        ),
    ] {
        let files =
            [("package.json", root), extra, ("apps/web/package.json", app), ("libs/lib/package.json", lib)];
        let found = focused(&files, "apps/web");
        assert_eq!(found.plan.build.as_deref(), Some(build), "{name}");
        assert_eq!(found.plan.start.as_deref(), Some("node dist/x.js"), "{name}");
    }
}

#[test]
fn a_project_of_nx_without_a_manifest_is_an_app() {
    let files = [
        (
            "package.json",
            r#"{"dependencies":{"express":"5"},"devDependencies":{"nx":"21","vite":"7"},"scripts":{"start":"nx serve"}}"#,
        ),
        ("package-lock.json", "{}"),
        ("nx.json", "{}"),
        (
            "apps/api/project.json",
            r#"{"name":"api","projectType":"application","targets":{"build":{"executor":"@nx/esbuild:esbuild","options":{"outputPath":"dist/apps/api","main":"apps/api/src/main.ts"}}}}"#,
        ),
        ("apps/api/src/main.ts", "app.listen(3333)"),
        ("apps/site/project.json", r#"{"name":"site","projectType":"application"}"#),
        ("apps/site/vite.config.ts", "export default { build: { outDir: '../../dist/apps/site' } }"),
        ("apps/site/index.html", ""),
    ];
    let api = focused(&files, "apps/api");
    assert_eq!(api.plan.build.as_deref(), Some("npx nx run api:build"));
    assert_eq!(api.plan.start.as_deref(), Some("node dist/apps/api/main.js"));
    assert!(text(&api).contains("COPY --from=build /app/dist/apps/api ./dist/apps/api"), "{}", text(&api));
    let site = focused(&files, "apps/site");
    assert_eq!(site.plan.static_dir.as_deref(), Some("dist/apps/site"));
    assert!(text(&site).contains("COPY --from=build /app/dist/apps/site "), "{}", text(&site));
}

#[test]
fn a_workspace_of_several_apps_asks_which() {
    let found = show(PNPM, &spec(), Builder::BuildKit).unwrap();
    let asked = found.plan.diagnostics.iter().find(|d| d.code == "several-apps").unwrap();
    assert_eq!(asked.severity, Severity::Error);
    assert_eq!(asked.setting.as_deref(), Some("build.root"));
    assert!(asked.message.contains("apps/api, apps/web"), "{}", asked.message);
    assert!(found.files.get("Dockerfile").is_none());
}

#[test]
fn a_standalone_output_keeps_the_layout_of_its_workspace() {
    let mut files = PNPM.to_vec();
    files.retain(|(path, _)| !path.ends_with("next.config.js"));
    files.push(("apps/web/next.config.js", "module.exports = { output: 'standalone' }"));
    let found = focused(&files, "apps/web");
    let text = text(&found);
    assert!(text.contains("COPY --from=build /app/apps/web/.next/standalone ./"), "{text}");
    assert!(text.contains("COPY --from=build /app/apps/web/.next/static ./apps/web/.next/static"), "{text}");
    assert!(text.contains("WORKDIR /app/apps/web\n"), "{text}");
}

#[test]
fn the_token_of_a_registry_is_there_while_installing_only() {
    let files = [
        ("package.json", r#"{"dependencies":{"express":"5"},"scripts":{"start":"node server.js"}}"#),
        ("package-lock.json", "{}"),
        (".npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}"),
        ("server.js", ""),
    ];
    let found = show(&files, &spec(), Builder::BuildKit).unwrap();
    let text = text(&found);
    assert!(text.contains("--mount=type=secret,id=NPM_TOKEN"), "{text}");
    assert!(text.contains("NPM_TOKEN=\"$(cat /run/secrets/NPM_TOKEN)\" npm ci --omit=dev"), "{text}");
    let asked = found.plan.diagnostics.iter().find(|d| d.code == "build-secret").unwrap();
    assert_eq!(asked.setting.as_deref(), Some("secrets.NPM_TOKEN"));
    let classic = show(&files, &spec(), Builder::Classic).unwrap();
    assert!(!classic.files.get("Dockerfile").unwrap().contains("NPM_TOKEN"));
}

#[test]
fn a_manifest_that_builds_assets_loses_to_the_stack_beside_it() {
    let assets = r#"{"devDependencies":{"vite":"7"},"scripts":{"dev":"vite","build":"vite build"}}"#;
    for (files, stack) in [
        (
            [
                ("requirements.txt", "flask\ngunicorn"),
                ("app.py", "from flask import Flask\napp = Flask(__name__)"),
            ],
            "python",
        ),
        ([("go.mod", "module x\n\ngo 1.25\n"), ("main.go", "package main\nfunc main() {}")], "go"),
    ] {
        let files = [files[0], files[1], ("package.json", assets), ("package-lock.json", "{}")];
        let found = show(&files, &spec(), Builder::BuildKit).unwrap();
        assert_eq!(found.plan.stack, stack);
        assert!(!found.plan.diagnostics.iter().any(|d| d.code == "several-stacks"), "{stack}");
    }
}

fn found(files: &[(&str, &str)]) -> Vec<ServiceFound> {
    services(&builtin(), &SourceTree::from_files(files.iter().copied()).unwrap()).unwrap()
}

#[test]
fn the_services_of_a_repository_are_an_app_graph() {
    let mut files = PNPM.to_vec();
    files.extend([
        ("services/ml/requirements.txt", "fastapi\nuvicorn\n"),
        ("services/ml/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
        (
            "services/ml/Procfile",
            "web: uvicorn main:app\nqueue: python queue.py\nrelease: python migrate.py\n",
        ),
        ("docs/index.html", ""),
        ("apps/web-e2e/package.json", r#"{"name":"e2e","scripts":{"start":"playwright test"}}"#),
        ("examples/one/package.json", API),
    ]);
    let all = found(&files);
    let shown: Vec<String> = all
        .iter()
        .map(|s| format!("{} {} {:?} {}", s.name, s.root, s.kind, s.depends_on.join("+")))
        .collect();
    assert_eq!(
        shown,
        [
            "api apps/api Web ",
            "ml services/ml Web ",
            "ml-queue services/ml Worker ml",
            "tokens libs/tokens Library ",
            "ui-kit libs/ui-kit Library tokens",
            "web apps/web Web ui-kit",
        ]
    );
    let web = all.iter().find(|service| service.name == "web").unwrap();
    assert_eq!(web.framework.as_deref(), Some("next"));
    assert_eq!((web.port, web.start.as_deref()), (Some(3000), Some("next start")));
}

#[test]
fn one_app_is_one_service() {
    let all = found(&[
        (
            "package.json",
            r#"{"name":"@acme/shop","dependencies":{"express":"5"},"scripts":{"start":"node server.js"}}"#,
        ),
        ("server.js", ""),
    ]);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].name.as_str(), all[0].kind), ("shop", ServiceKind::Web));
}

#[test]
fn a_backend_and_its_front_end_are_two_services() {
    let all = found(&[
        ("backend/go.mod", "module x\n\ngo 1.25\n"),
        ("backend/main.go", "package main\nfunc main() {}\n"),
        ("frontend/package.json", r#"{"devDependencies":{"vite":"7"},"scripts":{"build":"vite build"}}"#),
        ("frontend/index.html", ""),
    ]);
    let shown: Vec<_> = all.iter().map(|s| (s.name.as_str(), s.kind)).collect();
    assert_eq!(shown, [("backend", ServiceKind::Web), ("frontend", ServiceKind::Static)]);
}

#[test]
fn the_services_of_a_large_repository_are_bounded() {
    let mut files: Vec<(String, String)> =
        vec![("package.json".into(), r#"{"private":true,"workspaces":["apps/*"]}"#.into())];
    for app in 0..100 {
        files.push((
            format!("apps/a{app}/package.json"),
            format!(
                r#"{{"name":"a{app}","dependencies":{{"express":"5"}},"scripts":{{"start":"node x.js"}}}}"#
            ),
        ));
        for file in 0..99 {
            files.push((format!("apps/a{app}/src/f{file}.js"), "app.get('/', h)".into()));
        }
    }
    let tree = SourceTree::from_files(files).unwrap();
    let found = services(&builtin(), &tree).unwrap();
    assert_eq!(found.len(), 64);
}
