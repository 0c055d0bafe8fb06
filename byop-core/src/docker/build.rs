//! Image builds: the context goes up as it is read, the output comes down line by line.

use std::collections::VecDeque;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryFutureExt};
use http_body_util::StreamBody;
use hyper::Request;
use hyper::body::Frame;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::lines::Messages;
use super::{Docker, error};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BuildEvent, BuildImageSpec, Builder, ImageInfo};
use crate::source::BuildContext;

mod failure;
mod progress;
mod upload;

use progress::Progress;
use upload::Upload;

const OPERATION: &str = "image.build";
const CPU_PERIOD: f64 = 100_000.0;

/// A message of either builder.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    stream: Option<String>,
    status: Option<String>,
    progress: Option<String>,
    id: Option<String>,
    error: Option<String>,
    aux: Option<serde_json::Value>,
}

pub(super) async fn build(
    docker: &Docker,
    spec: &BuildImageSpec,
    context: BuildContext,
) -> Result<BoxStream<'static, Result<BuildEvent>>> {
    if spec.builder == Builder::BuildKit && docker.engine_info().await?.builder != Builder::BuildKit {
        return Err(Error::new(ErrorKind::Unsupported, OPERATION, "this engine cannot build with BuildKit")
            .with_remedy("build with the classic builder, or update the engine"));
    }
    let path = path(spec)?;
    let (docker, spec) = (docker.clone(), spec.clone());
    let start = async move {
        let (upload, chunks) = Upload::start(context);
        let body = StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data)));
        let request = Request::post(path)
            .header(hyper::header::CONTENT_TYPE, "application/x-tar")
            .body(body)
            .map_err(|err| error::internal(OPERATION, "the request cannot be written", err))?;
        let body = docker.wire.open(OPERATION, request).await.map_err(|error| upload.cause(error))?;
        let run = Run {
            docker,
            messages: Messages::new(OPERATION, body),
            upload,
            progress: Progress::new(spec.builder),
            spec,
            ready: VecDeque::new(),
            image: None,
            ended: false,
        };
        Ok(stream::try_unfold(run, |mut run| async move { Ok(run.next().await?.map(|event| (event, run))) }))
    };
    Ok(start.try_flatten_stream().boxed())
}

fn path(spec: &BuildImageSpec) -> Result<String> {
    let labels = serde_json::to_string(&spec.labels)
        .map_err(|err| error::internal(OPERATION, "the labels cannot be written", err))?;
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut path = format!(
        "/build?t={}&dockerfile={}&labels={}&rm=1&forcerm=1",
        encode(spec.tag.as_str()),
        encode(&spec.dockerfile),
        encode(&labels),
    );
    match spec.builder {
        Builder::BuildKit => path.push_str("&version=2"),
        Builder::Classic => {
            path.push_str("&version=1");
            if spec.memory_bytes > 0 {
                // Equal to the memory: no swap.
                path.push_str(&format!("&memory={0}&memswap={0}", spec.memory_bytes));
            }
            if spec.cpus > 0.0 {
                let quota = (spec.cpus * CPU_PERIOD).clamp(1000.0, 1e12).round();
                path.push_str(&format!("&cpuperiod={CPU_PERIOD}&cpuquota={quota}"));
            }
        }
    }
    Ok(path)
}

/// A build that runs. Dropping it closes the connection, which is how an engine is told to stop.
struct Run {
    docker: Docker,
    messages: Messages,
    upload: Upload,
    progress: Progress,
    spec: BuildImageSpec,
    ready: VecDeque<BuildEvent>,
    image: Option<String>,
    ended: bool,
}

impl Run {
    async fn next(&mut self) -> Result<Option<BuildEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            match self.messages.next::<Message>().await.map_err(|error| self.upload.cause(error))? {
                Some(message) => self.take(message)?,
                None => {
                    self.ended = true;
                    let done = self.result().await?;
                    self.ready.extend(self.progress.finish());
                    self.ready.push_back(BuildEvent::Done(Box::new(done)));
                }
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<()> {
        if let Some(text) = message.error {
            // A context that could not be read looks to the engine like a broken one.
            return Err(self.upload.cause(failure::explain(&text, &self.progress)));
        }
        if let Some(id) = message.aux.as_ref().and_then(|aux| aux.get("ID")?.as_str()) {
            self.image = Some(id.to_owned());
        }
        let events = match (message.stream, &message.aux) {
            (Some(chunk), _) => self.progress.chunk(&chunk),
            (None, Some(serde_json::Value::String(trace))) => self.progress.trace(trace),
            _ => Vec::new(),
        };
        self.ready.extend(events);
        if let (Some(status), None) = (message.status, message.progress) {
            let line = match message.id {
                Some(id) => format!("{id}: {status}"),
                None => status,
            };
            self.ready.extend(self.progress.line(line));
        }
        Ok(())
    }

    async fn result(&self) -> Result<ImageInfo> {
        // The id, not the tag: another build may have taken the tag since.
        match &self.image {
            Some(id) => self.docker.image(id).await,
            None => self.docker.image(self.spec.tag.as_str()).await,
        }
        .map_err(|error| error.with_operation(OPERATION))
    }
}
