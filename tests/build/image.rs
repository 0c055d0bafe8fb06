//! Builds, and which of their steps came from the cache.

use std::path::Path;
use std::time::{Duration, Instant};

use byop_core::Result;
use byop_core::docker::Docker;
use byop_core::model::{BuildEvent, BuildImageSpec, FileSet, ImageInfo, SourceLimits};
use byop_core::runtime::ContainerRuntime;
use byop_core::source::{BuildContext, SourceTree};
use futures_util::StreamExt;

use crate::watch::Watch;

/// The longest build of a fixture takes under a minute on an idle machine. One that stands still has to fail with what
/// it said last, before the whole run is stopped without a word.
const DEADLINE: Duration = Duration::from_secs(480);

/// An instruction that was carried out, or found to have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) is_cached: bool,
    /// The classic builder's image of it.
    layer: Option<String>,
}

/// A build that succeeded.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) image: ImageInfo,
    pub(crate) steps: Vec<Step>,
    pub(crate) took: Duration,
}

impl Built {
    /// The steps that run or copy something, and how many of them were found in the cache.
    pub(crate) fn cached(&self) -> (usize, usize) {
        let does = |step: &&Step| ["RUN", "COPY", "ADD"].iter().any(|name| step.name.starts_with(name));
        let cached = self.steps.iter().filter(does).filter(|step| step.is_cached).count();
        (cached, self.steps.iter().filter(does).count())
    }

    /// The images of single steps that the classic builder made and leaves behind, the last first.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &str> {
        let own = self.steps.iter().filter(|step| !step.is_cached && !step.name.starts_with("FROM"));
        own.filter_map(|step| step.layer.as_deref()).rev()
    }
}

/// Builds a folder with files on top of it, and tells the watch of `app` what the build says.
pub(crate) async fn build(
    docker: &Docker,
    folder: &Path,
    files: &FileSet,
    spec: &BuildImageSpec,
    watch: &Watch,
    app: &str,
) -> std::result::Result<Built, String> {
    match tokio::time::timeout(DEADLINE, run(docker, folder, files, spec, watch, app)).await {
        Ok(built) => built.map_err(|error| format!("{error:?}")),
        Err(_) => Err(format!("the build does not end; {}", watch.last(app))),
    }
}

async fn run(
    docker: &Docker,
    folder: &Path,
    files: &FileSet,
    spec: &BuildImageSpec,
    watch: &Watch,
    app: &str,
) -> Result<Built> {
    let context = BuildContext::new(&SourceTree::open(folder, &SourceLimits::default())?, files)?;
    let start = Instant::now();
    let mut output = docker.build_image(spec, context).await?;
    let mut steps: Vec<Step> = Vec::new();
    let mut image = None;
    while let Some(event) = output.next().await {
        match event? {
            BuildEvent::Step { name, .. } => {
                let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                watch.line(app, &name);
                steps.push(Step { name, is_cached: false, layer: None });
            }
            BuildEvent::Log(line) => {
                watch.line(app, &line);
                let Some(step) = steps.last_mut() else { continue };
                // The words of BuildKit and of the classic builder.
                if line == "CACHED" || line == " ---> Using cache" {
                    step.is_cached = true;
                } else if let Some(id) = line.strip_prefix(" ---> ").filter(|rest| !rest.contains(' ')) {
                    step.layer = Some(id.to_owned());
                }
            }
            BuildEvent::Done(info) => image = Some(*info),
            _ => {}
        }
    }
    let image = image.expect("a build that ends well ends with its image");
    Ok(Built { image, steps, took: start.elapsed() })
}
