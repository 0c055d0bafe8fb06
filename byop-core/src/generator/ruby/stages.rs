//! The stages of a Ruby image.

use std::collections::BTreeMap;

use super::native;
use super::project::Project;
use crate::generator::command::exec_form;
use crate::generator::finish::{archived_base, archived_packages, cache, copy, copy_from, copy_source, run};
use crate::generator::images::BaseImages;
use crate::generator::node::Assets;
use crate::generator::version::Version;
use crate::generator::view::View;
use crate::model::{BuildStep, Plan, Stage};

/// Where the official image keeps gems.
const BUNDLE: &str = "/usr/local/bundle";

/// Adds the stages of a project to its plan.
pub(super) fn add(
    plan: &mut Plan,
    view: &View<'_>,
    project: &Project,
    images: &BaseImages,
    assets: Option<Assets>,
) {
    let version = plan.version.clone().unwrap_or_default();
    let image = images.image("ruby", &version);
    let is_new_debian = !image.contains("bullseye") && !image.contains("buster");
    let native = native::of(&project.gems, is_new_debian);
    plan.diagnostics.extend(archived_base(&image));
    let mut settings = BTreeMap::new();
    if project.has_gemfile {
        settings.insert("BUNDLE_WITHOUT".to_owned(), "development:test".to_owned());
        if project.has_lock {
            settings.insert("BUNDLE_FROZEN".to_owned(), "1".to_owned());
        }
    }
    let has_build = plan.build.is_some() || assets.is_some();
    let has_gems = plan.install.is_some();
    if has_gems || has_build {
        let mut stage = Stage {
            name: "build".into(),
            image: image.clone(),
            reason: "Installs the gems; compilers and caches stay in this stage.".into(),
            steps: Vec::new(),
        };
        if !native.build.is_empty() {
            prepare(&mut stage, &image);
            stage.steps.push(BuildStep::Packages {
                names: native.build.clone(),
                reason: "Many gems are compiled while they are installed.".into(),
            });
        }
        stage.steps.push(BuildStep::Workdir("/app".into()));
        let mut values = settings.clone();
        for name in ["RAILS_ENV", "BOOTSNAP_CACHE_DIR"] {
            if let Some(value) = plan.env.get(name) {
                values.insert(name.into(), value.clone());
            }
        }
        if !values.is_empty() {
            stage.steps.push(BuildStep::Env {
                values,
                reason: "What runs is what the lock file says, without the gems of tests.".into(),
            });
        }
        if let Some(line) = plan.install.clone() {
            gems(&mut stage, plan, view, project, line);
        }
        if has_build {
            let has_assets = assets.is_some();
            stage.steps.extend(assets.into_iter().flat_map(|assets| assets.steps));
            stage.steps.push(copy_source(view, ""));
            let mut lines: Vec<String> = plan.build.iter().cloned().collect();
            if has_assets {
                lines.push("rm -rf node_modules".into());
            }
            if !lines.is_empty() {
                stage.steps.push(run(lines.join(" && "), Vec::new(), ""));
            }
        }
        plan.stages.push(stage);
    }
    let mut last = Stage {
        name: "run".into(),
        image: image.clone(),
        reason: format!("What runs: Ruby {version}, the gems and the app; no compiler."),
        steps: Vec::new(),
    };
    if !native.run.is_empty() {
        prepare(&mut last, &image);
        last.steps
            .push(BuildStep::Packages { names: native.run, reason: "Libraries that gems load.".into() });
    }
    last.steps.push(BuildStep::Workdir("/app".into()));
    if has_gems {
        last.steps.push(copy_from("build", BUNDLE, BUNDLE, "Gems before source: they change less often."));
    }
    last.steps.push(if has_build { copy_from("build", "/app", "./", "") } else { copy_source(view, "") });
    plan.stages.push(last);
    plan.env.extend(settings);
    plan.command = plan.start.as_deref().map(exec_form);
    plan.health.command = Some(health(plan));
}

/// Makes ready for packages on an old system.
fn prepare(stage: &mut Stage, image: &str) {
    if let Some(step) = archived_packages(image) {
        stage.steps.extend([step, BuildStep::Workdir("/app".into())]);
    }
}

/// Copies what the installation reads, and installs.
fn gems(stage: &mut Stage, plan: &Plan, view: &View<'_>, project: &Project, line: String) {
    let gems = &project.gems;
    if gems.is_gem {
        stage.steps.push(copy_source(view, "The app is a gem itself, so the installation reads its source."));
    } else {
        let files: Vec<String> = ["Gemfile", "Gemfile.lock", ".ruby-version", ".tool-versions"]
            .into_iter()
            .filter(|file| view.has_file(file))
            .map(|file| view.full(file))
            .collect();
        stage.steps.push(copy(
            files,
            "./",
            "Manifests first: gems are only installed again when they change.",
        ));
        let mut folders: Vec<&str> = gems.folders.iter().map(String::as_str).collect();
        if view.has_dir("vendor/cache") {
            folders.push("vendor/cache");
        }
        for folder in folders.into_iter().filter(|folder| view.has_dir(folder)) {
            stage.steps.push(copy(vec![view.full(folder)], &format!("./{folder}"), ""));
        }
    }
    let ruby = plan.version.as_deref().and_then(Version::parse);
    let bundler = gems.bundler.as_deref().and_then(Version::parse).filter(|bundler| {
        // Bundler 1 does not run on Ruby 3.2 and later.
        bundler.is_exact()
            && (bundler.major() >= 2
                || ruby.is_some_and(|ruby| ruby.major() < 3 || (ruby.major() == 3 && ruby.minor() < Some(2))))
    });
    let mut lines = Vec::new();
    if let Some(bundler) = bundler {
        lines.push(format!("gem install bundler:{bundler} --conservative --no-document"));
    }
    // The stage has these settings already.
    let line =
        line.trim_start_matches("BUNDLE_FROZEN=1 ").trim_start_matches("BUNDLE_WITHOUT=development:test ");
    lines.push(line.to_owned());
    lines.push(format!("rm -rf {BUNDLE}/cache {BUNDLE}/bundler/gems/*/.git"));
    let mut caches = Vec::new();
    if gems.has_remote {
        lines.insert(0, "export BUNDLE_GLOBAL_GEM_CACHE=true".into());
        caches.push(cache("bundle", "/root/.bundle/cache"));
    }
    stage.steps.push(run(lines.join(" && "), caches, "Bundler as the lock file has it."));
}

/// Asks by Ruby itself, which the image has.
fn health(plan: &Plan) -> Vec<String> {
    let limit = if plan.health.is_known { 400 } else { 500 };
    let script = format!(
        "h=Net::HTTP.new('127.0.0.1',ENV['PORT']||{});h.open_timeout=h.read_timeout=4;exit(h.get('{}').code.to_i<{limit})",
        plan.port,
        plan.health.path.replace('\\', "\\\\").replace('\'', "\\'"),
    );
    ["ruby", "-rnet/http", "-e", &script].map(String::from).to_vec()
}
