//! The stages that build a Java project and run it.

use super::health::port_variable;
use super::join;
use super::project::{Artefact, Project, Tool};
use crate::generator::command::{exec_form, quote};
use crate::generator::finish::{copy, copy_from, copy_source, run};
use crate::generator::images::BaseImages;
use crate::generator::jvm;
use crate::generator::view::View;
use crate::model::{BuildStep, CacheMount, Plan, Stage};

/// Where Gradle keeps what it fetched.
const GRADLE_HOME: &str = "/var/cache/gradle";
/// Where Maven and its wrapper keep what they fetched.
const MAVEN_HOME: &str = "/root/.m2";
/// Where a JDK lies that is for compiling only.
const TOOLCHAIN: &str = "/opt/java/toolchain";

/// The script that lets any Gradle project put its libraries into one folder, in the build context and in the image.
const LIBRARIES: &str = ".byop/libraries.gradle";
const LIBRARIES_HERE: &str = "/opt/byop/libraries.gradle";
const LIBRARIES_TEXT: &str = include_str!("libraries.gradle");

/// The Gradle for a project without a wrapper, by the release of Java that it has to run on.
fn gradle_for(release: u32) -> &'static str {
    if release > 24 { "9.1" } else { "8.14" }
}

/// The program that builds.
fn program(project: &Project) -> String {
    match (project.tool, project.has_wrapper) {
        (Tool::Maven, true) => "./mvnw -B".into(),
        (Tool::Maven, false) => "mvn -B".into(),
        (Tool::Gradle, true) => "./gradlew --no-daemon".into(),
        (Tool::Gradle, false) => "gradle --no-daemon".into(),
    }
}

/// The command line that fetches dependencies before there is any source.
pub(super) fn install(project: &Project) -> Option<String> {
    if project.manifests.is_empty() || project.is_ambiguous {
        return None;
    }
    Some(match project.tool {
        Tool::Maven => format!("{} dependency:resolve", program(project)),
        Tool::Gradle => {
            let task = project.goals.first().map_or("", String::as_str);
            let path = task.rsplit_once(':').map_or(String::new(), |(path, _)| format!("{path}:"));
            format!("{} {path}dependencies", program(project))
        }
    })
}

/// The command line that packages the app's module, tests left out.
pub(super) fn build(project: &Project) -> String {
    let goals: Vec<String> = project.goals.iter().map(|goal| quote(goal)).collect();
    let goals = goals.join(" ");
    match project.tool {
        Tool::Maven if project.module.is_empty() => format!("{} -DskipTests {goals}", program(project)),
        Tool::Maven => format!("{} -DskipTests -pl {} -am {goals}", program(project), quote(&project.module)),
        Tool::Gradle => {
            let script = if needs_script(project) { format!(" -I {LIBRARIES_HERE}") } else { String::new() };
            format!("{}{script} {goals} -x test", program(project))
        }
    }
}

/// Whether Gradle has to be told to collect the libraries, as no plugin of the project does.
fn needs_script(project: &Project) -> bool {
    project.tool == Tool::Gradle && project.artefact == Artefact::Classes { has_libraries: true }
}

/// Adds the stages to a plan.
pub(super) fn write(plan: &mut Plan, images: &BaseImages, view: &View<'_>, project: &Project, start: &str) {
    let release = jvm::major(plan.version.as_deref().unwrap_or_default());
    let (low, high) = project.bounds;
    // The build tool may need another release than the app.
    let builds_on =
        if (low..=high).contains(&release) { release } else { jvm::newest_within(images, low, high) };
    let compiles_on = project.toolchain.filter(|toolchain| *toolchain != builds_on);
    let image = match (project.tool, project.has_wrapper) {
        (_, true) => images.image("java", &builds_on.to_string()),
        (Tool::Maven, false) => images.image("java.maven", &builds_on.to_string()),
        (Tool::Gradle, false) => {
            let pinned = project.tool_version.as_ref().map(|(version, _)| version.as_str());
            let gradle = pinned.unwrap_or_else(|| gradle_for(builds_on));
            images.image("java.gradle", &format!("{gradle}-jdk{builds_on}"))
        }
    };
    let mut build = Stage {
        name: "build".into(),
        image,
        reason: "Compiles and packages the app; the compiler and the build tool stay in this stage.".into(),
        steps: vec![BuildStep::Workdir("/src".into())],
    };
    if project.tool == Tool::Gradle {
        build.steps.push(BuildStep::Env {
            values: [("GRADLE_USER_HOME".to_owned(), GRADLE_HOME.to_owned())].into(),
            reason: "One place for all that Gradle fetches, so that it can be kept between builds.".into(),
        });
    }
    if let Some(toolchain) = compiles_on {
        build.steps.push(copy_from(
            &images.image("java", &toolchain.to_string()),
            "/opt/java/openjdk",
            TOOLCHAIN,
            &format!("The project compiles with Java {toolchain}, which its Gradle does not run on."),
        ));
    }
    if needs_script(project) {
        plan.context_files.insert(LIBRARIES.into(), LIBRARIES_TEXT.into());
        let reason = "The project has no task that collects the libraries it runs with.";
        build.steps.push(copy(vec![LIBRARIES.into()], LIBRARIES_HERE, reason));
    }
    let caches = vec![match project.tool {
        Tool::Maven => CacheMount { id: "maven".into(), target: MAVEN_HOME.into(), is_locked: false },
        // Two Gradles that cannot talk to each other would wait for each other's locks.
        Tool::Gradle => CacheMount { id: "gradle".into(), target: GRADLE_HOME.into(), is_locked: true },
    }];
    let runnable = |line: &str| prepared(line, project, compiles_on.is_some());
    if let Some(install) = plan.install.clone() {
        manifests(&mut build, view, project);
        build.steps.push(run(runnable(&install), caches.clone(), ""));
    }
    build.steps.push(copy_source(view, ""));
    let line = plan.build.clone().unwrap_or_default();
    let pick = pick(project);
    build.steps.push(run(
        format!("{} && {pick}", runnable(&line)),
        caches,
        "Tests belong before a deployment; what runs is put at a fixed place, or the build says what it found.",
    ));
    plan.stages.push(build);
    let framework = plan.framework.clone();
    if let Some(variable) = port_variable(framework.as_deref()) {
        plan.env.insert(variable.into(), plan.port.to_string());
    }
    plan.command = Some(exec_form(start));
    if let Artefact::Servlet { is_jakarta } = project.artefact {
        servlet(plan, images, is_jakarta, release);
        return;
    }
    jvm::run_stage(plan, images, vec![copy_from("build", "/out/", "./", "")]);
}

/// A command line of the build tool, with a wrapper that may be run and the JDK that it compiles with.
fn prepared(line: &str, project: &Project, has_toolchain: bool) -> String {
    let mut line = line.to_owned();
    if has_toolchain && line.contains("gradle") {
        line.push_str(&format!(" -Porg.gradle.java.installations.paths={TOOLCHAIN}"));
    }
    let script = if project.tool == Tool::Maven { "mvnw" } else { "gradlew" };
    // Archives and some file systems lose the mode of files.
    if line.starts_with(&format!("./{script}")) { format!("chmod +x {script} && {line}") } else { line }
}

/// Copies what the build tool reads to find dependencies.
fn manifests(build: &mut Stage, view: &View<'_>, project: &Project) {
    let mut here: Vec<String> =
        project.manifests.iter().filter(|path| !path.contains('/')).cloned().collect();
    let wrapper = if project.tool == Tool::Maven { "mvnw" } else { "gradlew" };
    here.extend(project.has_wrapper.then(|| wrapper.to_owned()));
    let sources = here.iter().map(|path| view.full(path)).collect();
    build.steps.push(copy(
        sources,
        "./",
        "Manifests first: dependencies are only fetched again when these change.",
    ));
    let folders = match project.tool {
        Tool::Maven => &[".mvn"][..],
        Tool::Gradle => &["gradle", "buildSrc"],
    };
    for folder in folders.iter().filter(|folder| view.has_dir(folder)) {
        build.steps.push(copy(vec![view.full(folder)], &format!("./{folder}"), ""));
    }
    for path in project.manifests.iter().filter(|path| path.contains('/')) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        build.steps.push(copy(vec![view.full(path)], &format!("./{folder}/"), ""));
    }
}

/// The shell that puts what runs to `/out`, and fails where that is not one thing.
fn pick(project: &Project) -> String {
    let archives = project.tool.archives(&project.module);
    match &project.artefact {
        Artefact::Archive(pattern) => one(&archives, pattern),
        Artefact::Classes { has_libraries } => {
            let archive = one(&archives, "*.jar");
            let folder = if project.tool == Tool::Maven { "target/lib" } else { "build/libraries" };
            let libraries = quote(&join(&project.module, folder));
            if *has_libraries { format!("{archive} && cp -r {libraries} /out/lib") } else { archive }
        }
        Artefact::Servlet { .. } => {
            let archive = one(&archives, "*.war");
            format!("{archive} && mkdir /out/ROOT && env -C /out/ROOT jar -xf /out/app.war")
        }
        Artefact::Quarkus => format!("cp -r {} /out", quote(&project.folder())),
        Artefact::Distribution => {
            format!("mkdir /out && cp -r {}/*/lib /out/lib", quote(&project.folder()))
        }
    }
}

/// Copies the one archive in a folder whose name fits, to `/out/app` with its extension.
fn one(folder: &str, pattern: &str) -> String {
    let extension = pattern.rsplit('.').next().unwrap_or("jar");
    let beside: String = ["*-plain", "*-sources", "*-javadoc", "*-tests", "original-*"]
        .iter()
        .map(|other| format!(" ! -name '{other}.{extension}'"))
        .collect();
    let tests = format!("-name '{pattern}'{beside}");
    let target = format!("/out/app.{extension}");
    jvm::only(&format!("{} -maxdepth 1", quote(folder)), &tests, "runnable archive", &target)
}

/// The stage of an archive for a servlet container.
fn servlet(plan: &mut Plan, images: &BaseImages, is_jakarta: bool, release: u32) {
    // The API moved from `javax` to `jakarta` between Tomcat 9 and 10.
    let tomcat = if is_jakarta { "10.1" } else { "9.0" };
    let version = format!("{tomcat}-jre{release}");
    jvm::run_stage(
        plan,
        images,
        vec![copy_from(
            "build",
            "/out/ROOT/",
            "/usr/local/tomcat/webapps/ROOT/",
            "Unpacked, as nothing can be unpacked at run time.",
        )],
    );
    if let Some(stage) = plan.stages.last_mut() {
        stage.image = images.image("java.tomcat", &version);
        stage.reason = "What runs: a servlet container for the app's archive.".into();
        stage.steps.retain(|step| !matches!(step, BuildStep::Workdir(_)));
    }
    plan.writable = ["logs", "temp", "work"].map(|folder| format!("/usr/local/tomcat/{folder}")).to_vec();
    if plan.port != 8080 {
        plan.diagnostics.push(crate::model::Diagnostic::new(
            "fixed-port",
            crate::model::Severity::Warning,
            "Tomcat listens on 8080 whatever the port that was asked for",
        ));
    }
}
