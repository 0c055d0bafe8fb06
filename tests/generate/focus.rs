//! One application of several in a repository.

use byop_core::model::{Builder, Preview};

use super::{show, spec};

fn focused(folder: &str, files: &[(&str, &str)]) -> Preview {
    let mut spec = spec();
    spec.build.root = Some(folder.into());
    show(files, &spec, Builder::BuildKit).unwrap()
}

fn dockerfile(found: &Preview) -> &str {
    found.files.get("Dockerfile").unwrap()
}

#[test]
fn a_part_of_a_go_workspace_is_built_in_the_workspace() {
    let found = focused(
        "services/api",
        &[
            ("go.work", "go 1.25\nuse (\n\t./services/api\n\t./services/mail\n\t./lib\n)\n"),
            ("services/api/go.mod", "module x/api\nrequire github.com/gin-gonic/gin v1.10.0\n"),
            ("services/api/go.sum", ""),
            ("services/api/main.go", "package main\nfunc main() { r.Run(\":9100\") }\n"),
            ("services/mail/go.mod", "module x/mail\n"),
            ("services/mail/main.go", "package main\nfunc main() { ListenAndServe(\":9200\") }\n"),
            ("lib/go.mod", "module x/lib\n"),
        ],
    );
    assert_eq!(
        found.plan.build.as_deref(),
        Some("go build -trimpath -ldflags \"-s -w\" -o /out/api ./services/api")
    );
    assert_eq!((found.plan.port, found.plan.framework.as_deref()), (9100, Some("gin")));
    assert!(dockerfile(&found).contains("\nCOPY . ./\n"), "{}", dockerfile(&found));
    assert!(dockerfile(&found).contains("COPY lib/go.mod"), "{}", dockerfile(&found));
}

#[test]
fn a_command_of_a_go_module_is_built_in_the_module() {
    let found = focused(
        "cmd/web",
        &[
            ("go.mod", "module x/shop\ngo 1.25\nrequire github.com/lib/pq v1.10.0\n"),
            ("go.sum", ""),
            ("cmd/web/main.go", "package main\n"),
            ("cmd/job/main.go", "package main\n"),
        ],
    );
    assert_eq!(
        found.plan.build.as_deref(),
        Some("go build -trimpath -ldflags \"-s -w\" -o /out/web ./cmd/web")
    );
    assert_eq!(found.plan.start.as_deref(), Some("/app/bin/web"));
    assert_eq!(found.plan.addons[0].kind, "postgresql");
    assert!(dockerfile(&found).contains("\nCOPY go.mod go.sum ./\n"), "{}", dockerfile(&found));
}

#[test]
fn a_go_module_that_takes_another_from_beside_it_is_built_from_the_root() {
    let found = focused(
        "api",
        &[
            ("api/go.mod", "module x/api\ngo 1.25\nreplace x/lib => ../lib\n"),
            ("api/go.sum", ""),
            ("api/main.go", "package main\n"),
            ("lib/go.mod", "module x/lib\n"),
        ],
    );
    assert_eq!(found.plan.install.as_deref(), Some("go -C api mod download"));
    assert_eq!(
        found.plan.build.as_deref(),
        Some("go -C api build -trimpath -ldflags \"-s -w\" -o /out/api .")
    );
    assert!(dockerfile(&found).contains("COPY lib/go.mod"), "{}", dockerfile(&found));
}

#[test]
fn a_member_of_a_cargo_workspace_is_built_in_the_workspace() {
    let found = focused(
        "apps/mail",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"apps/*\"]\n[workspace.dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n",
            ),
            ("Cargo.lock", ""),
            ("apps/api/Cargo.toml", "[package]\nname = \"api\"\n[dependencies]\naxum = \"0.8\"\n"),
            ("apps/api/src/main.rs", ""),
            (
                "apps/mail/Cargo.toml",
                "[package]\nname = \"mail\"\n[dependencies]\nactix-web = \"4\"\nsqlx.workspace = true\n",
            ),
            ("apps/mail/src/main.rs", "bind((\"0.0.0.0\", 7001))"),
        ],
    );
    assert_eq!(found.plan.build.as_deref(), Some("cargo build --release --locked --package mail --bin mail"));
    assert_eq!((found.plan.port, found.plan.framework.as_deref()), (7001, Some("actix-web")));
    assert_eq!(found.plan.addons[0].kind, "postgresql");
    assert!(dockerfile(&found).contains("\nCOPY . ./\n"), "{}", dockerfile(&found));
}

#[test]
fn a_crate_that_takes_another_from_beside_it_is_built_from_the_root() {
    let found = focused(
        "web",
        &[
            (
                "web/Cargo.toml",
                "[package]\nname = \"web\"\n[dependencies]\nshared = { path = \"../shared\" }\n",
            ),
            ("web/Cargo.lock", ""),
            ("web/src/main.rs", ""),
            ("shared/Cargo.toml", "[package]\nname = \"shared\"\n"),
            ("shared/src/lib.rs", ""),
        ],
    );
    let wanted =
        "cargo build --release --locked --manifest-path web/Cargo.toml --target-dir target --bin web";
    assert_eq!(found.plan.build.as_deref(), Some(wanted));
    assert!(dockerfile(&found).contains("\nCOPY . ./\n"), "{}", dockerfile(&found));
}

#[test]
fn a_member_of_a_uv_workspace_is_installed_from_its_lock_file() {
    let found = focused(
        "packages/api",
        &[
            (
                "pyproject.toml",
                "[project]\nname = \"all\"\nversion = \"1\"\n[tool.uv.workspace]\nmembers = [\"packages/*\"]\n",
            ),
            ("uv.lock", ""),
            (".python-version", "3.12"),
            (
                "packages/api/pyproject.toml",
                "[project]\nname = \"api\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\", \"lib\"]\n",
            ),
            ("packages/api/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
            ("packages/lib/pyproject.toml", "[project]\nname = \"lib\"\nversion = \"1\"\n"),
        ],
    );
    assert_eq!(found.plan.version.as_deref(), Some("3.12"));
    assert_eq!(found.plan.install.as_deref(), Some("uv sync --frozen --no-dev --no-editable --package api"));
    assert_eq!(found.plan.start.as_deref(), Some("uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}"));
    assert!(dockerfile(&found).contains("\nCOPY packages/api/ ./\n"), "{}", dockerfile(&found));
}

#[test]
fn a_site_in_a_folder_is_made_from_that_folder() {
    let found = focused(
        "manual",
        &[("manual/mkdocs.yml", "site_name: a\n"), ("manual/docs/index.md", ""), ("main.go", "")],
    );
    assert_eq!(found.plan.framework.as_deref(), Some("mkdocs"));
    assert!(dockerfile(&found).contains("\nCOPY manual/ ./\n"), "{}", dockerfile(&found));
}
