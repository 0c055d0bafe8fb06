//! From a plan to the text of files.

use serde::Serialize;
use std::collections::BTreeMap;

use super::compose::compose;
use super::template;
use crate::error::Result;
use crate::model::{Builder, FileSet, HealthCheck, Plan, Stage, Target, UserSpec};

/// Where the configuration of the web server of static files is put in the build context.
pub(crate) const NGINX_CONF: &str = ".byop/nginx.conf";

#[derive(Serialize)]
struct DockerfileContext<'a> {
    title: String,
    app: &'a str,
    is_buildkit: bool,
    stages: &'a [Stage],
    labels: BTreeMap<&'static str, String>,
    env: BTreeMap<String, String>,
    port: u16,
    user: Option<UserSpec>,
    health: &'a HealthCheck,
    command: &'a Option<Vec<String>>,
    stop_signal: &'a Option<String>,
}

#[derive(Serialize)]
struct IgnoreContext<'a> {
    stack: &'a str,
    ignore: &'a [String],
}

/// The files of a plan: Dockerfile, `.dockerignore`, compose file, and what the Dockerfile copies besides the tree.
///
/// # Errors
/// `InvalidInput` when a value cannot be written safely.
///
/// ```
/// use byop_core::generator::render;
/// use byop_core::model::{AppName, Plan, Target};
///
/// let files = render(&Plan::new("node", 3000), &Target::new(AppName::new("shop")?))?;
/// assert!(files.get("compose.yaml").is_some());
/// # Ok::<(), byop_core::Error>(())
/// ```
pub fn render(plan: &Plan, target: &Target) -> Result<FileSet> {
    let mut files = FileSet::new();
    for (path, text) in &plan.kept {
        files.keep(path, text);
    }
    if plan.dockerfile.is_none() && !plan.stages.is_empty() {
        files.insert("Dockerfile", dockerfile(plan, target)?);
        if !plan.kept.contains_key(".dockerignore") {
            files.insert(
                ".dockerignore",
                template::render(
                    ".dockerignore",
                    IgnoreContext { stack: &plan.stack, ignore: &plan.ignore },
                )?,
            );
        }
        for (path, text) in &plan.context_files {
            files.insert(path, text);
        }
    }
    files.insert(&plan.compose_file, compose(plan, target));
    Ok(files)
}

fn dockerfile(plan: &Plan, target: &Target) -> Result<String> {
    let mut labels = BTreeMap::from([
        ("org.opencontainers.image.title", target.app.to_string()),
        ("org.opencontainers.image.description", describe(plan)),
    ]);
    if let Some(base) = base_of(plan) {
        labels.insert("org.opencontainers.image.base.name", base.to_owned());
    }
    let mut env = plan.env.clone();
    env.insert("PORT".into(), plan.port.to_string());
    template::render(
        "Dockerfile",
        DockerfileContext {
            title: describe(plan),
            app: target.app.as_str(),
            is_buildkit: target.builder == Builder::BuildKit,
            stages: &plan.stages,
            labels,
            env,
            port: plan.port,
            user: plan.user,
            health: &plan.health,
            command: &plan.command,
            stop_signal: &plan.stop_signal,
        },
    )
}

/// The image under the run stage, behind the names of earlier stages.
fn base_of(plan: &Plan) -> Option<&str> {
    let mut image = plan.stages.last()?.image.as_str();
    for stage in plan.stages.iter().rev().skip(1) {
        if stage.name == image {
            image = &stage.image;
        }
    }
    Some(image)
}

fn describe(plan: &Plan) -> String {
    let mut parts = vec![plan.stack.clone()];
    parts.extend(plan.version.clone());
    if let Some(framework) = &plan.framework {
        parts.push(format!("with {framework}"));
    }
    format!("a {} application", parts.join(" "))
}
