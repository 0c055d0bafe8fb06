//! Builds of the fake engine: the Dockerfile is read, nothing is run.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::sleep;

use super::{FakeProgram, FakeRuntime};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::model::{BuildEvent, BuildImageSpec, ImageInfo};
use crate::source::BuildContext;

const OPERATION: &str = "image.build";

pub(super) fn build(
    engine: FakeRuntime,
    spec: BuildImageSpec,
    context: BuildContext,
    time: Duration,
) -> BoxStream<'static, Result<BuildEvent>> {
    let run = async move {
        let mut archive = Vec::new();
        if let Err(error) = context.write_tar(&mut archive) {
            return vec![Err(error.with_operation(OPERATION))];
        }
        let mut events = Vec::new();
        let result = read(&spec, &archive, &mut events);
        sleep(time).await;
        let mut out: Vec<Result<BuildEvent>> = events.into_iter().map(Ok).collect();
        out.push(result.and_then(|info| {
            let port = info.exposed_ports.first().copied().unwrap_or(8080);
            let mut state = engine.state();
            state.keep_image(info.clone(), spec.tag.as_str(), FakeProgram::server(port));
            state.image(&info.id).map(|image| BuildEvent::Done(Box::new(image.info.clone())))
        }));
        out
    };
    stream::once(run).flat_map(stream::iter).boxed()
}

fn read(spec: &BuildImageSpec, archive: &[u8], events: &mut Vec<BuildEvent>) -> Result<ImageInfo> {
    let text = dockerfile(spec, archive)?;
    let instructions: Vec<_> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut info = ImageInfo::new(image_id(spec, archive));
    info.size_bytes = archive.len() as u64;
    info.labels = spec.labels.clone();
    let mut ports: Vec<u16> = Vec::new();
    let total = u32::try_from(instructions.len()).unwrap_or(u32::MAX);
    for (number, instruction) in (1..).zip(&instructions) {
        events.push(BuildEvent::Step { number, total, name: (*instruction).to_owned() });
        let (verb, rest) = instruction.split_once(' ').unwrap_or((instruction, ""));
        match verb {
            "EXPOSE" => ports.extend(
                rest.split_whitespace().filter_map(|port| port.trim_end_matches("/tcp").parse::<u16>().ok()),
            ),
            "USER" => info.user = rest.to_owned(),
            "HEALTHCHECK" => info.has_health_check = rest != "NONE",
            "FROM" => ports.clear(),
            "RUN" => run(instruction, rest, events)?,
            _ => {}
        }
    }
    ports.sort_unstable();
    info.exposed_ports = ports;
    Ok(info)
}

/// Knows `echo TEXT` and `exit CODE`, joined by `;` or `&&`; everything else goes well and says nothing.
fn run(instruction: &str, script: &str, events: &mut Vec<BuildEvent>) -> Result<()> {
    let mut log = Vec::new();
    for command in script.split([';', '&']).map(str::trim) {
        if let Some(text) = command.strip_prefix("echo ") {
            log.push(text.to_owned());
            events.push(BuildEvent::Log(text.to_owned()));
        }
        let code = command.strip_prefix("exit ").and_then(|code| code.parse::<i64>().ok()).unwrap_or(0);
        if code != 0 {
            return Err(Error::invalid(OPERATION, format!("`{script}` ended with exit code {code}"))
                .with_context("exit_code", code)
                .with_context("step", instruction)
                .with_context("log", log.join("\n")));
        }
    }
    Ok(())
}

fn dockerfile(spec: &BuildImageSpec, archive: &[u8]) -> Result<String> {
    for entry in tar::Archive::new(archive).entries().into_iter().flatten() {
        let Ok(mut entry) = entry else { continue };
        if entry.path().is_ok_and(|path| path.to_string_lossy().trim_start_matches("./") == spec.dockerfile) {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(|error| {
                Error::invalid(OPERATION, "the Dockerfile is not text").with_source(error)
            })?;
            return Ok(text);
        }
    }
    Err(Error::invalid(OPERATION, "the context has no such Dockerfile")
        .with_context("file", &spec.dockerfile))
}

/// The same context and labels give the same image.
fn image_id(spec: &BuildImageSpec, archive: &[u8]) -> String {
    let labels: &BTreeMap<String, String> = &spec.labels;
    let text = format!("{} {} {labels:?}", Digest::of(archive).as_str(), spec.dockerfile);
    let digest = Digest::of(text);
    format!("sha256:{}", digest.as_str().trim_start_matches("sha256:"))
}
