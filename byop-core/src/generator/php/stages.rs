//! The stages of a PHP image.

use std::collections::BTreeMap;

use super::extensions;
use super::project::Project;
use crate::generator::command::exec_form;
use crate::generator::finish::{archived_base, archived_packages, cache, copy, copy_from, copy_source, run};
use crate::generator::images::BaseImages;
use crate::generator::node::Assets;
use crate::generator::version::Version;
use crate::generator::view::View;
use crate::model::{BuildStep, Diagnostic, Plan, Severity, Stage};

const APACHE_CONF: &str = ".byop/apache.conf";
const PHP_INI: &str = ".byop/php.ini";

/// Adds the stages of a project to its plan.
pub(super) fn add(
    plan: &mut Plan,
    view: &View<'_>,
    project: &Project,
    images: &BaseImages,
    assets: Option<Assets>,
    serves: bool,
) {
    let version = plan.version.clone().unwrap_or_default();
    let image = images.image("php", &version);
    let needed = extensions::of(&project.extensions, &version);
    if !needed.unknown.is_empty() {
        plan.diagnostics.push(Diagnostic::new(
            "unknown-extension",
            Severity::Warning,
            format!(
                "byop does not know how to install these extensions of PHP: {}",
                needed.unknown.join(", ")
            ),
        ));
    }
    plan.diagnostics.extend(archived_base(&image));
    let has_extensions = needed.command.is_some();
    let has_build = plan.install.is_some() || plan.build.is_some() || assets.is_some();
    if has_build || has_extensions {
        let mut stage = Stage {
            name: "build".into(),
            image: image.clone(),
            reason: "Puts the app together on the PHP that runs it; tools and caches stay in this stage."
                .into(),
            steps: Vec::new(),
        };
        let mut packages = needed.native.build.clone();
        let reason = if packages.is_empty() {
            "Composer unpacks what it downloads, and falls back to Git."
        } else {
            "Headers to compile extensions with, and what Composer unpacks downloads with."
        };
        if plan.install.is_some() && project.packages().next().is_some() {
            packages.extend(["git", "unzip"].map(String::from));
        }
        packages.sort();
        packages.dedup();
        if !packages.is_empty() {
            prepare(&mut stage, &image);
            stage.steps.push(BuildStep::Packages { names: packages, reason: reason.into() });
        }
        stage.steps.push(BuildStep::Workdir("/app".into()));
        if let Some(line) = &needed.command {
            stage.steps.push(run(
                line.clone(),
                Vec::new(),
                "The extensions that the app and its packages ask for.",
            ));
        }
        if has_build {
            app(&mut stage, plan, view, project, images, assets);
        }
        plan.stages.push(stage);
    }
    let mut last = Stage {
        name: "run".into(),
        image: image.clone(),
        reason: format!(
            "What runs: Apache with PHP {version} inside it, one program for all versions of PHP."
        ),
        steps: Vec::new(),
    };
    if !needed.native.run.is_empty() {
        prepare(&mut last, &image);
        last.steps.push(BuildStep::Packages {
            names: needed.native.run,
            reason: "Libraries that the extensions load.".into(),
        });
    }
    last.steps.push(BuildStep::Workdir("/app".into()));
    if has_extensions {
        for folder in ["/usr/local/lib/php/extensions", "/usr/local/etc/php/conf.d"] {
            last.steps.push(copy_from("build", folder, folder, ""));
        }
    }
    plan.context_files.insert(PHP_INI.into(), include_str!("php.ini").into());
    last.steps.push(copy(
        vec![PHP_INI.into()],
        "/usr/local/etc/php/conf.d/zz-byop.ini",
        "Settings for production.",
    ));
    if serves {
        plan.context_files.insert(APACHE_CONF.into(), apache(project));
        last.steps.push(copy(
            vec![APACHE_CONF.into()],
            "/etc/apache2/byop.conf",
            "The port, the served folder, and temporary files below /tmp.",
        ));
        plan.stop_signal = Some("SIGWINCH".into());
    }
    last.steps.push(if has_build {
        copy_from("build", "/app", "./", "The app with the packages that it needs to run.")
    } else {
        copy_source(view, "There is nothing to build: the source is all there is.")
    });
    plan.stages.push(last);
    plan.command = plan.start.as_deref().map(exec_form);
    plan.health.command = Some(health(plan));
}

/// Makes ready for packages on an old system.
fn prepare(stage: &mut Stage, image: &str) {
    if let Some(step) = archived_packages(image) {
        stage.steps.extend([step, BuildStep::Workdir("/app".into())]);
    }
}

/// Installs, builds and tidies up.
fn app(
    stage: &mut Stage,
    plan: &Plan,
    view: &View<'_>,
    project: &Project,
    images: &BaseImages,
    assets: Option<Assets>,
) {
    let local = project.local_packages(view);
    let caches = vec![cache("composer", "/root/.cache/composer")];
    let mut lines = Vec::new();
    if let Some(install) = &plan.install {
        let mut values = BTreeMap::from([
            ("COMPOSER_ALLOW_SUPERUSER".to_owned(), "1".to_owned()),
            ("COMPOSER_CACHE_DIR".to_owned(), "/root/.cache/composer".to_owned()),
        ]);
        if project.framework == Some("symfony") {
            values.insert("APP_ENV".into(), "prod".into());
        }
        stage.steps.push(BuildStep::Env {
            values,
            reason: "Composer runs as root in this stage only; its plugins need to be told.".into(),
        });
        let version = plan.version.as_deref().and_then(Version::parse);
        let limit = Version::parse("7.2.5");
        let is_old = version.zip(limit).is_some_and(|(version, limit)| {
            // A release line such as 7.2 is at its last patch.
            version.compare(&limit).is_lt() && (version.is_exact() || version.minor() != Some(2))
        });
        let role = if is_old { "php.composer.old" } else { "php.composer" };
        stage.steps.push(copy_from(
            &images.image(role, ""),
            "/usr/bin/composer",
            "/usr/local/bin/composer",
            "",
        ));
        if let Some(folders) = local {
            let files: Vec<String> = ["composer.json", "composer.lock", "symfony.lock"]
                .into_iter()
                .filter(|file| view.has_file(file))
                .map(|file| view.full(file))
                .collect();
            if !files.is_empty() {
                stage.steps.push(copy(
                    files,
                    "./",
                    "Manifests first: packages are only installed again when they change.",
                ));
            }
            for folder in folders {
                stage.steps.push(copy(vec![view.full(&folder)], &format!("./{folder}"), ""));
            }
            stage.steps.push(run(
                install.clone(),
                caches.clone(),
                "Without scripts, as these need the source.",
            ));
        } else {
            lines.push(install.clone());
        }
    }
    let has_assets = assets.is_some();
    stage.steps.extend(assets.into_iter().flat_map(|assets| assets.steps));
    stage.steps.push(copy_source(view, ""));
    if let Some(folders) = super::skeleton(project.framework) {
        lines.insert(0, folders);
    }
    if project.framework == Some("symfony") {
        // Its loader wants the file; the values come from the environment.
        lines.insert(0, "touch .env".into());
    }
    if project.has_composer() && plan.install.is_some() {
        lines.push("composer dump-autoload --no-dev --optimize --no-interaction".into());
        if project.has_script("post-install-cmd") {
            lines.push("composer run-script --no-dev --no-interaction post-install-cmd".into());
        }
    }
    if project.requires("symfony/asset-mapper") {
        lines.push("php bin/console asset-map:compile --no-interaction".into());
    }
    lines.extend(plan.build.clone());
    if has_assets {
        lines.push("rm -rf node_modules".into());
    }
    if project.framework == Some("laravel") && project.document_root.as_deref() == Some("public") {
        lines.push("ln -sfn ../storage/app/public public/storage".into());
    }
    if !lines.is_empty() {
        let reason = if plan.install.is_some() { "Scripts and class maps see the whole source." } else { "" };
        stage.steps.push(run(lines.join(" && "), caches, reason));
    }
}

fn apache(project: &Project) -> String {
    let root = match project.document_root.as_deref() {
        None | Some(".") => "/app".to_owned(),
        Some(folder) => format!("/app/{folder}"),
    };
    let fallback = if project.has_front_page || project.framework.is_some() {
        "    # A path that is no file is the app's business.\n    FallbackResource /index.php\n"
    } else {
        ""
    };
    include_str!("apache.conf").replace("{root}", &root).replace("{fallback}", fallback)
}

/// Asks by PHP itself, which every image has; written for all of its versions.
fn health(plan: &Plan) -> Vec<String> {
    let limit = if plan.health.is_known { 400 } else { 500 };
    let script = format!(
        "$f=@fopen('http://127.0.0.1:'.(getenv('PORT')?:{}).'{}','r',false,stream_context_create(['http'=>['timeout'=>4,'ignore_errors'=>true,'follow_location'=>0]]));$m=$f?stream_get_meta_data($f):[];exit($f&&(int)substr($m['wrapper_data'][0],9,3)<{limit}?0:1);",
        plan.port,
        plan.health.path.replace('\\', "\\\\").replace('\'', "\\'"),
    );
    ["php", "-r", &script].map(String::from).to_vec()
}
