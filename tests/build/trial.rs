//! One app from its folder to the end of its container.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use byop_core::docker::Docker;
use byop_core::generator::{builtin, preview};
use byop_core::model::{
    AppSpec, BuildImageSpec, Builder, ContainerFilter, FileSet, ImageRef, Plan, Preview, Severity, Source,
    SourceLimits, Target,
};
use byop_core::runtime::{ContainerRuntime, ContainerRuntimeExt};
use byop_core::source::SourceTree;

use crate::fixture::{Fixture, copy, is_cold};
use crate::image::{Built, build};
use crate::report::{MOST_OF_BY_HAND, Row, Timing};
use crate::serving::{Serving, container_spec};
use crate::watch::Watch;

const LABEL: &str = "byop.test.build";
/// For one app with all its builds; nothing else of it may stand still either.
const DEADLINE: Duration = Duration::from_secs(1500);
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Where one app is tried.
#[derive(Debug)]
pub(crate) struct Bench {
    docker: Docker,
    fixture: Fixture,
    builder: Builder,
    watch: Watch,
    /// Of everything that is made on the way.
    label: String,
}

impl Bench {
    pub(crate) fn new(docker: Docker, fixture: Fixture, builder: Builder, watch: Watch) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let label = format!("byop-test-build-{}-{number}", std::process::id());
        Self { docker, fixture, builder, watch, label }
    }

    /// Tries it, and removes what was made.
    pub(crate) async fn run(&self) -> Row {
        let mut row = Row { app: self.fixture.name.clone(), ..Row::default() };
        let mut layers = Vec::new();
        let ended = tokio::time::timeout(DEADLINE, self.trial(&mut row, &mut layers)).await;
        let ended = ended.unwrap_or_else(|_| Err(format!("it does not end; {}", self.last())));
        if let Err(problem) = ended {
            row.problems.push(problem);
        }
        self.begin("cleaning up");
        self.clean(&layers).await;
        self.watch.end(&self.fixture.name);
        row
    }

    /// Says what it does from now on.
    fn begin(&self, what: &str) {
        self.watch.begin(&self.fixture.name, what);
    }

    fn last(&self) -> String {
        self.watch.last(&self.fixture.name)
    }

    async fn trial(&self, row: &mut Row, layers: &mut Vec<String>) -> Result<(), String> {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let folder = scratch.path();
        copy(&self.fixture.folder, folder).map_err(|error| error.to_string())?;
        let mut found = self.preview(folder).map_err(|error| format!("{error:?}"))?;
        row.stack.clone_from(&found.plan.stack);
        self.check_plan(&found, row);
        if is_cold() {
            found.files = self.cold(&found.files);
        }
        let (found, plan) = (&found, &found.plan);

        self.begin("the first build");
        let first = self.build(folder, &found.files, plan, "generated", layers).await?;
        row.first = Some(timing(&first));
        row.bytes = first.image.size_bytes;
        self.check_image(&first, plan, row);
        self.begin("its container");
        if let Err(problem) = self.serve(&first, plan, row).await {
            row.problems.push(problem);
        }
        if self.builder == Builder::BuildKit {
            if !is_cold() {
                self.begin("the one by hand");
                self.compare(folder, plan, row, layers).await?;
            }
            self.begin("the second build");
            self.rebuild(folder, found, row, layers).await?;
        }
        Ok(())
    }

    fn preview(&self, folder: &Path) -> byop_core::Result<Preview> {
        let tree = SourceTree::open(folder, &SourceLimits::default())?;
        let name: String = format!("t-{}", self.fixture.name).chars().take(40).collect();
        let mut spec = AppSpec::new(name, Source::Directory(folder.to_owned()))?;
        spec.build.root.clone_from(&self.fixture.root);
        preview(&builtin(), &tree, &spec, &Target::of(&spec, self.builder))
    }

    /// It has to be recognised with certainty, and nothing may be in the way.
    fn check_plan(&self, found: &Preview, row: &mut Row) {
        let plan = &found.plan;
        if self.fixture.stack.as_ref().is_some_and(|stack| *stack != plan.stack) {
            row.problems.push(format!("it was taken as {}, not {:?}", plan.stack, self.fixture.stack));
        }
        if found.detection.confidence < 0.5 {
            row.problems.push(format!("nobody is sure of it: {}", found.detection.confidence));
        }
        let errors = plan.diagnostics.iter().filter(|said| said.severity == Severity::Error);
        row.problems.extend(errors.map(|said| format!("{}: {}", said.code, said.message)));
    }

    fn check_image(&self, built: &Built, plan: &Plan, row: &mut Row) {
        let uid = built.image.user.split(':').next().unwrap_or_default().parse::<u32>();
        if !uid.is_ok_and(|uid| uid > 0) {
            row.problems.push(format!("the image's user is `{}`", built.image.user));
        }
        if !built.image.exposed_ports.contains(&plan.port) {
            row.problems.push(format!("{} is not among {:?}", plan.port, built.image.exposed_ports));
        }
        if plan.dockerfile.is_none() && !built.image.has_health_check {
            row.problems.push("the image has no health check".into());
        }
    }

    async fn serve(&self, built: &Built, plan: &Plan, row: &mut Row) -> Result<(), String> {
        let name = format!("{}-run", self.label);
        let spec = container_spec(&name, &built.image.id, plan, &self.fixture.env, &self.labels());
        let serving = Serving::start(&self.docker, &spec).await?;
        let path = self.fixture.path.as_deref().unwrap_or(&plan.health.path);
        let answer = serving.answer(path).await?;
        row.up = Some(answer.after);
        if let Some(wanted) = self.fixture.expect.as_ref().filter(|wanted| !answer.body.contains(*wanted)) {
            let start: String = answer.body.chars().take(200).collect();
            row.problems.push(format!("{path} answers {} without `{wanted}`: {start}", answer.status));
        }
        let users = serving.users().await?;
        if users.is_empty() || users.iter().any(|user| user == "root" || user == "0") {
            row.problems.push(format!("it runs as {users:?}"));
        }
        if let Some(command) = &plan.health.command {
            serving.check(command).await?;
        }
        row.stop = Some(serving.stop().await?);
        Ok(())
    }

    /// Against what an expert would write: it has to work, and may not be much smaller.
    async fn compare(
        &self,
        folder: &Path,
        plan: &Plan,
        row: &mut Row,
        layers: &mut Vec<String>,
    ) -> Result<(), String> {
        let Some(text) = &self.fixture.by_hand else {
            if plan.dockerfile.is_none() {
                row.problems.push(format!("tests/apps/{}.Dockerfile is missing", self.fixture.name));
            }
            return Ok(());
        };
        let mut files = FileSet::new();
        files.insert("Dockerfile", text);
        let by_hand = self.build(folder, &files, plan, "by-hand", layers).await;
        let by_hand = by_hand.map_err(|problem| format!("by hand: {problem}"))?;
        row.bytes_by_hand = by_hand.image.size_bytes;
        let name = format!("{}-by-hand", self.label);
        // It brings an environment of its own.
        let mut plan = plan.clone();
        plan.env.clear();
        let spec = container_spec(&name, &by_hand.image.id, &plan, &self.fixture.env, &self.labels());
        let answer = async {
            let serving = Serving::start(&self.docker, &spec).await?;
            serving.answer(self.fixture.path.as_deref().unwrap_or(&plan.health.path)).await
        };
        answer.await.map_err(|problem| format!("by hand: {problem}"))?;
        if let Some(ratio) = row.ratio().filter(|ratio| *ratio > MOST_OF_BY_HAND) {
            row.problems.push(format!(
                "the image is {ratio:.2} times as large as the one by hand: {} and {} bytes",
                row.bytes, row.bytes_by_hand
            ));
        }
        Ok(())
    }

    /// After a change in one source file the dependencies are still there.
    async fn rebuild(
        &self,
        folder: &Path,
        found: &Preview,
        row: &mut Row,
        layers: &mut Vec<String>,
    ) -> Result<(), String> {
        let plan = &found.plan;
        if plan.dockerfile.is_some() && self.fixture.touch.is_none() {
            return Ok(());
        }
        let file = self.changed_file(folder, plan)?;
        let mut text = std::fs::read(folder.join(&file)).map_err(|error| format!("{file}: {error}"))?;
        text.extend(blanks().bytes());
        std::fs::write(folder.join(&file), text).map_err(|error| format!("{file}: {error}"))?;
        let second = self.build(folder, &found.files, plan, "generated", layers).await?;
        row.second = Some(timing(&second));
        if second.steps.iter().all(|step| step.is_cached) {
            row.problems.push(format!("a change of {file} does not reach the image"));
        }
        let normal = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = self.fixture.cached.clone().unwrap_or_else(|| plan.install.iter().cloned().collect());
        for part in wanted.iter().map(|part| normal(part)) {
            let steps = second.steps.iter().filter(|step| step.name.contains(&part));
            match steps.map(|step| step.is_cached).reduce(|a, b| a && b) {
                Some(true) => {}
                Some(false) => row.problems.push(format!("a change of {file} repeats `{part}`")),
                None => row.problems.push(format!("no step has `{part}`")),
            }
        }
        Ok(())
    }

    fn changed_file(&self, folder: &Path, plan: &Plan) -> Result<String, String> {
        if let Some(file) = &self.fixture.touch {
            return Ok(file.clone());
        }
        let entry = plan.entry.clone().unwrap_or_default();
        let inside = if plan.root.is_empty() { entry.clone() } else { format!("{}/{entry}", plan.root) };
        if !entry.is_empty() && folder.join(&inside).is_file() {
            return Ok(inside);
        }
        let name = &self.fixture.name;
        Err(format!(
            "the entry `{entry}` is no file; name a source file as `touch` in tests/apps/{name}.json"
        ))
    }

    async fn build(
        &self,
        folder: &Path,
        files: &FileSet,
        plan: &Plan,
        suffix: &str,
        layers: &mut Vec<String>,
    ) -> Result<Built, String> {
        let tag = ImageRef::new(format!("byop-test-build:{}-{suffix}", self.label)).unwrap();
        let mut spec = BuildImageSpec::new(tag);
        spec.builder = self.builder;
        spec.labels = self.labels();
        if let Some(dockerfile) = plan.dockerfile.as_ref().filter(|_| suffix != "by-hand") {
            spec.dockerfile.clone_from(dockerfile);
        }
        let built = build(&self.docker, folder, files, &spec, &self.watch, &self.fixture.name).await?;
        layers.extend(built.layers().map(str::to_owned));
        Ok(built)
    }

    /// The files with names of caches and a folder in each stage that no run before had.
    fn cold(&self, files: &FileSet) -> FileSet {
        let mut cold = files.clone();
        if let Some(text) = files.get("Dockerfile") {
            let own = format!("{}-{}", self.label, now());
            let mut text = text.replace("type=cache,id=", &format!("type=cache,id={own}-"));
            // A folder, as a copy does not depend on variables. What an earlier stage began goes on as it is.
            let folder = format!("WORKDIR /cold/{own}\nWORKDIR /\n");
            text = text.lines().fold(String::new(), |text, line| {
                let is_image = line.starts_with("FROM ") && line.contains(':');
                text + line + "\n" + if is_image { &folder } else { "" }
            });
            cold.insert("Dockerfile", &text);
        }
        cold
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(LABEL.to_owned(), self.label.clone())])
    }

    async fn clean(&self, layers: &[String]) {
        let filter = ContainerFilter::all().with_label(LABEL, &self.label);
        for container in self.docker.list_containers(&filter).await.unwrap_or_default() {
            let _ = self.docker.remove_container(&container.id).await;
        }
        for image in self.docker.list_images(&filter).await.unwrap_or_default() {
            let _ = self.docker.remove_image_and_tags(&image).await;
        }
        // Earlier stages have no name. One that another build uses meanwhile stays.
        for layer in layers {
            let _ = self.docker.remove_image(layer).await;
        }
    }
}

/// Milliseconds, to tell this run from all others.
fn now() -> u128 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_millis()
}

/// Blanks that no run before had at this place, so that nobody has built it yet.
fn blanks() -> String {
    now().to_string().bytes().map(|digit| format!("{}\n", " ".repeat(usize::from(digit - b'0')))).collect()
}

fn timing(built: &Built) -> Timing {
    let (cached, steps) = built.cached();
    Timing { took: built.took, cached, steps }
}
