//! What an owner or an app says, over what was detected: done here, once, for every stack.
//!
//! A stack itself takes `stack`, `version`, `install`, `build`, `start`, `images`, `port`, `health.path`, and
//! `document_root` and `package_manager` where it has such a thing. The rest is laid over its plan.

use super::needs::is_secret;
use super::project_file::Effective;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    AddonNeed, AppSpec, BuildSpec, BuildStep, Builder, Detection, Diagnostic, EnvNeed, HealthSpec, Plan,
    Severity, Stage, Target,
};

/// Where the static web server has its files.
const HTML: &str = "/usr/share/nginx/html";

/// Lays the facts that plans are made from over a detection.
pub(crate) fn on_detection(detection: &mut Detection, said: &Effective) {
    if let Some(framework) = &said.spec.build.framework {
        detection.framework = Some(framework.clone());
    }
    detection.evidence.extend(said.evidence.iter().cloned());
    detection.diagnostics.extend(said.diagnostics.iter().cloned());
}

/// Lays everything else over a plan.
pub(crate) fn on_plan(plan: &mut Plan, detection: &Detection, said: &Effective) {
    let spec = &said.spec;
    // A generator of the embedding program may not have taken them over.
    for diagnostic in &detection.diagnostics {
        let is_told = plan.diagnostics.iter().any(|told| told.code == diagnostic.code);
        if !is_told && diagnostic.code != "no-start-command" {
            plan.diagnostics.push(diagnostic.clone());
        }
    }
    if let Some(framework) = &spec.build.framework {
        plan.framework = Some(framework.clone());
    }
    processes(plan, spec);
    health(plan, &spec.health);
    for folder in &spec.writable {
        if !plan.writable.contains(folder) {
            plan.writable.push(folder.clone());
        }
    }
    needs(plan, said);
    if plan.dockerfile.is_some() {
        without_effect(plan, &spec.build);
        return;
    }
    served(plan, &spec.build);
    if !spec.build.packages.build.is_empty() {
        build_packages(plan, &spec.build.packages.build);
    }
    if !spec.build.packages.run.is_empty() {
        run_packages(plan, &spec.build.packages.run);
    }
    secrets(plan, &spec.build.secrets);
}

/// The target with what the app's own files add to the spec that it was made from.
pub(crate) fn on_target(target: &Target, owner: &AppSpec, spec: &AppSpec) -> Target {
    let mut target = target.clone();
    for (name, value) in spec.env.iter().filter(|(name, _)| !owner.env.contains_key(name)) {
        if !target.secret_names.iter().any(|secret| secret == name.as_str()) {
            target.env.entry(name.to_string()).or_insert_with(|| value.clone());
        }
    }
    target.volumes.extend(spec.volumes.iter().filter(|volume| !owner.volumes.contains(volume)).cloned());
    for (name, image) in &spec.build.images {
        target.images.entry(name.clone()).or_insert_with(|| image.clone());
    }
    let limits = &mut target.resources;
    limits.memory_bytes = limits.memory_bytes.min(spec.resources.memory_bytes);
    limits.cpus = limits.cpus.min(spec.resources.cpus);
    limits.pids = limits.pids.min(spec.resources.pids);
    target
}

/// Refuses what the builder of a target cannot do.
pub(crate) fn check_builder(spec: &AppSpec, builder: Builder) -> Result<()> {
    if spec.build.secrets.is_empty() || builder == Builder::BuildKit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, "app.plan", "the classic builder has no build secrets")
        .with_context("key", "build.secrets")
        .with_remedy("use an engine with BuildKit, or leave `build.secrets` out"))
}

fn processes(plan: &mut Plan, spec: &AppSpec) {
    for (name, line) in &spec.processes {
        if line.trim().is_empty() {
            plan.processes.remove(name);
        } else {
            plan.processes.insert(name.clone(), line.clone());
        }
    }
}

fn health(plan: &mut Plan, spec: &HealthSpec) {
    let (unset, health) = (HealthSpec::default(), &mut plan.health);
    for (to, from, unset) in [
        (&mut health.interval_seconds, spec.interval_seconds, unset.interval_seconds),
        (&mut health.timeout_seconds, spec.timeout_seconds, unset.timeout_seconds),
        (&mut health.start_seconds, spec.deadline_seconds, unset.deadline_seconds),
        (&mut health.retries, spec.retries, unset.retries),
    ] {
        if from != unset {
            *to = from;
        }
    }
}

fn needs(plan: &mut Plan, said: &Effective) {
    let origin = |setting: &str| match said.file_of(setting) {
        Some(file) => (file.to_owned(), "the app says so itself"),
        None => (String::new(), "the owner says so"),
    };
    if let Some(kinds) = &said.spec.addons {
        let (file, reason) = origin("addons");
        let inferred = std::mem::take(&mut plan.addons);
        for kind in kinds {
            let known = inferred.iter().find(|need| need.kind == *kind).cloned();
            let new =
                || AddonNeed { kind: kind.clone(), file: file.clone(), reason: reason.into(), env: None };
            plan.addons.push(known.unwrap_or_else(new));
        }
    }
    if let Some(names) = &said.spec.required_env {
        let (file, _) = origin("required_env");
        let inferred = std::mem::take(&mut plan.required_env);
        for name in names {
            let known = inferred.iter().find(|need| need.name == name.as_str()).cloned();
            let new = || EnvNeed {
                name: name.to_string(),
                file: file.clone(),
                is_secret: is_secret(name.as_str()),
            };
            plan.required_env.push(known.unwrap_or_else(new));
        }
    }
    let has_value = |need: &EnvNeed| {
        let spec = &said.spec;
        spec.env.keys().chain(spec.secrets.keys()).any(|name| name.as_str() == need.name)
    };
    plan.required_env.retain(|need| !has_value(need));
}

/// What an own Dockerfile does not take.
fn without_effect(plan: &mut Plan, build: &BuildSpec) {
    let given = [
        ("build.version", build.version.is_some()),
        ("build.package_manager", build.package_manager.is_some()),
        ("build.install", build.install.is_some()),
        ("build.build", build.build.is_some()),
        ("build.static_dir", build.static_dir.is_some()),
        ("build.index_fallback", build.index_fallback.is_some()),
        ("build.document_root", build.document_root.is_some()),
        ("build.packages", !build.packages.is_empty()),
        ("build.images", !build.images.is_empty()),
    ];
    for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        plan.diagnostics.push(useless(key, "an own Dockerfile is used as it is"));
    }
}

/// Says that a setting changes nothing, so that nobody waits for its effect.
fn useless(key: &str, why: &str) -> Diagnostic {
    Diagnostic::new("override-without-effect", Severity::Warning, format!("`{key}` has no effect: {why}"))
}

/// What a web server of files serves, and how. Asked for before its configuration is written, too.
pub(crate) fn serve(plan: &mut Plan, build: &BuildSpec) {
    let Some(found) = plan.static_dir.clone() else { return };
    if let Some(wanted) = build.static_dir.as_ref().filter(|wanted| **wanted != found) {
        serve_from(plan, &found, wanted);
    }
    if let Some(wanted) = build.index_fallback {
        plan.index_fallback = wanted;
    }
}

fn served(plan: &mut Plan, build: &BuildSpec) {
    serve(plan, build);
    if plan.static_dir.is_none() {
        let why = format!("the stack {} does not serve built files here", plan.stack);
        for (key, is_given) in [
            ("build.static_dir", build.static_dir.is_some()),
            ("build.index_fallback", build.index_fallback.is_some()),
        ] {
            if is_given {
                plan.diagnostics.push(useless(key, &why));
            }
        }
    }
    let differs = |wanted: &Option<String>, found: &Option<String>| wanted.is_some() && wanted != found;
    for (key, is_useless) in [
        ("build.document_root", differs(&build.document_root, &plan.document_root)),
        ("build.package_manager", differs(&build.package_manager, &plan.package_manager)),
    ] {
        if is_useless {
            plan.diagnostics.push(useless(key, &format!("the stack {} has no choice here", plan.stack)));
        }
    }
}

fn serve_from(plan: &mut Plan, found: &str, wanted: &str) {
    let in_tree = if plan.root.is_empty() { wanted.to_owned() } else { format!("{}/{wanted}", plan.root) };
    if let Some(last) = plan.stages.last_mut() {
        for step in &mut last.steps {
            let BuildStep::Copy(copy) = step else { continue };
            if copy.target != HTML {
                continue;
            }
            for source in &mut copy.sources {
                *source = match (&copy.from, source.strip_suffix(found)) {
                    (None, _) => in_tree.clone(),
                    (Some(_), Some(base)) => format!("{base}{wanted}"),
                    (Some(_), None) => continue,
                };
            }
        }
    }
    plan.static_dir = Some(wanted.to_owned());
}

/// What a stage is based on, behind the names of earlier stages.
fn base_of(stages: &[Stage], index: usize) -> &str {
    let mut image = stages[index].image.as_str();
    for stage in stages[..index].iter().rev() {
        if stage.name == image {
            image = &stage.image;
        }
    }
    image
}

/// Whether packages can be installed on an image: not where nothing but the program is, nor where nobody is root.
fn has_packager(image: &str) -> bool {
    !["distroless", "scratch", "busybox", "unprivileged", "chainguard"]
        .iter()
        .any(|word| image.contains(word))
}

fn build_packages(plan: &mut Plan, names: &[String]) {
    let Some(last) = plan.stages.len().checked_sub(1) else { return };
    let compiles = |stage: &Stage| {
        stage.steps.iter().any(|step| matches!(step, BuildStep::Run(_) | BuildStep::Packages { .. }))
    };
    let mut stages: Vec<usize> = (0..last).filter(|index| compiles(&plan.stages[*index])).collect();
    // A stage on top of another one has its packages already.
    let earlier: Vec<String> = stages.iter().map(|index| plan.stages[*index].name.clone()).collect();
    stages.retain(|index| !earlier.contains(&plan.stages[*index].image));
    if stages.is_empty() {
        stages.push(last);
    }
    for index in stages {
        add_packages(plan, index, names, "build.packages.build");
    }
}

fn run_packages(plan: &mut Plan, names: &[String]) {
    if let Some(last) = plan.stages.len().checked_sub(1) {
        add_packages(plan, last, names, "build.packages.run");
    }
}

fn add_packages(plan: &mut Plan, index: usize, names: &[String], key: &str) {
    let image = base_of(&plan.stages, index).to_owned();
    if !has_packager(&image) {
        plan.diagnostics.push(
            Diagnostic::new(
                "no-package-manager",
                Severity::Error,
                format!(
                    "`{key}` cannot be installed: the image {image} has no package manager; `build.images` can name \
                     another one in its place"
                ),
            )
            .with_setting(key),
        );
        return;
    }
    let steps = &mut plan.stages[index].steps;
    let present = steps.iter_mut().find_map(|step| match step {
        BuildStep::Packages { names, .. } => Some(names),
        _ => None,
    });
    match present {
        Some(present) => {
            present.extend(names.iter().cloned());
            present.sort();
            present.dedup();
        }
        None => {
            let mut names = names.to_vec();
            names.sort();
            names.dedup();
            let reason = "Asked for by the settings of the app.".into();
            steps.insert(0, BuildStep::Packages { names, reason });
        }
    }
}

/// Gives the steps that install and build the secrets; all steps before the last stage where those cannot be told.
fn secrets(plan: &mut Plan, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let lines: Vec<String> = plan.install.iter().chain(&plan.build).cloned().collect();
    let last = plan.stages.len().saturating_sub(1);
    let needs = |index: usize, command: &str, is_told: bool| {
        if is_told { lines.iter().any(|line| command.contains(line.as_str())) } else { index < last }
    };
    let mut is_given = false;
    for is_told in [true, false] {
        for (index, stage) in plan.stages.iter_mut().enumerate() {
            for step in &mut stage.steps {
                if let BuildStep::Run(run) = step
                    && needs(index, &run.command, is_told)
                {
                    // Those of a package registry's settings are there already.
                    run.secrets.extend(names.iter().cloned());
                    run.secrets.sort();
                    run.secrets.dedup();
                    is_given = true;
                }
            }
        }
        if is_given {
            return;
        }
    }
    plan.diagnostics.push(useless("build.secrets", "nothing is installed or built"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_package_manager_is_known() {
        for (image, has) in [
            ("node:24.21-bookworm-slim", true),
            ("mirror.example/node:24", true),
            ("elixir:1.19-alpine", true),
            ("gcr.io/distroless/static-debian12:nonroot", false),
            ("nginxinc/nginx-unprivileged:1.28-alpine-slim", false),
        ] {
            assert_eq!(has_packager(image), has, "{image}");
        }
    }
}
