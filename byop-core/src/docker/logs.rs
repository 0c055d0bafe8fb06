//! A container's log, line by line.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::lines::{Frames, LINE_LIMIT, LineBuffer};
use super::{Docker, error, time};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::{LogCursor, LogLine, LogOptions, LogStream};

const OPERATION: &str = "container.logs";

pub(super) async fn open(
    docker: &Docker,
    id: &str,
    options: &LogOptions,
) -> Result<BoxStream<'static, Result<LogLine>>> {
    let found = docker.inspect(OPERATION, id).await?;
    let id = found.id.unwrap_or_default();
    let name = found.name.unwrap_or_default().trim_start_matches('/').to_owned();
    let terminal = found.config.and_then(|config| config.tty).unwrap_or(false);

    // The engine gives lines at or after `since`; ours are strictly after.
    let after = options.after.map(LogCursor::as_nanos);
    let since =
        options.since.map(|since| u64::try_from(since.0).unwrap_or(0).saturating_mul(1_000_000) + 999_999);
    let after = after.max(since);
    let path = path(&id, options.tail, after, options.follow);
    let body = docker.wire.get(OPERATION, &path).await?;
    let reader = Reader {
        frames: Frames::new(OPERATION, body),
        terminal,
        raw: LineBuffer::default(),
        out: Partial::new(LogStream::Stdout),
        err: Partial::new(LogStream::Stderr),
        ready: VecDeque::new(),
        name,
        rest: options.follow.then(|| Rest { docker: docker.clone(), id, tail: options.tail, after }),
        ended: false,
    };
    Ok(stream::try_unfold(
        reader,
        |mut reader| async move { Ok(reader.next().await?.map(|line| (line, reader))) },
    )
    .boxed())
}

fn path(id: &str, tail: Option<u32>, after: Option<u64>, follow: bool) -> String {
    let mut path =
        format!("/containers/{id}/logs?stdout=1&stderr=1&timestamps=1&follow={}", u8::from(follow));
    if let Some(lines) = tail {
        path.push_str(&format!("&tail={lines}"));
    }
    if let Some(nanos) = after {
        path.push_str(&format!("&since={}", time::query(nanos.saturating_add(1))));
    }
    path
}

/// What to ask for when a followed log has ended: engines forget to send a last line that has no line end.
struct Rest {
    docker: Docker,
    id: String,
    tail: Option<u32>,
    after: Option<u64>,
}

struct Reader {
    frames: Frames,
    terminal: bool,
    raw: LineBuffer,
    out: Partial,
    err: Partial,
    ready: VecDeque<LogLine>,
    name: String,
    rest: Option<Rest>,
    ended: bool,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<LogLine>> {
        loop {
            if let Some(mut line) = self.ready.pop_front() {
                line.container.clone_from(&self.name);
                if let Some(rest) = &mut self.rest {
                    rest.after = rest.after.max(Some(line.cursor.as_nanos()));
                    rest.tail = None;
                }
                return Ok(Some(line));
            }
            if self.ended {
                let Some(rest) = self.rest.take() else { return Ok(None) };
                let path = path(&rest.id, rest.tail, rest.after, false);
                match rest.docker.wire.get(OPERATION, &path).await {
                    Ok(body) => self.frames = Frames::new(OPERATION, body),
                    // Removed in the meantime: there is no rest.
                    Err(error) if error::is_missing(&error) => return Ok(None),
                    Err(error) => return Err(error),
                }
                self.ended = false;
            }
            if self.terminal {
                self.read_terminal().await?;
            } else {
                self.read_frame().await?;
            }
        }
    }

    async fn read_frame(&mut self) -> Result<()> {
        if let Some((stream, bytes)) = self.frames.next().await? {
            let partial = if stream == 2 { &mut self.err } else { &mut self.out };
            self.ready.extend(partial.push(&bytes));
            return Ok(());
        }
        self.ended = true;
        let mut rest: Vec<_> = [self.out.finish(), self.err.finish()].into_iter().flatten().collect();
        rest.sort_by_key(|line| line.cursor);
        self.ready.extend(rest);
        Ok(())
    }

    async fn read_terminal(&mut self) -> Result<()> {
        let lines = match self.frames.raw().await? {
            Some(bytes) => self.raw.push(&bytes),
            None => {
                self.ended = true;
                self.raw.finish().into_iter().collect()
            }
        };
        for line in lines {
            self.ready.extend(self.out.push(line.as_bytes()).or_else(|| self.out.finish()));
        }
        Ok(())
    }
}

/// A line that comes in parts: the engine cuts long ones every 16 KiB and puts its time before each part.
struct Partial {
    stream: LogStream,
    time: Option<u64>,
    text: Vec<u8>,
}

impl Partial {
    fn new(stream: LogStream) -> Self {
        Self { stream, time: None, text: Vec::new() }
    }

    fn push(&mut self, frame: &[u8]) -> Option<LogLine> {
        let split = frame.iter().take(40).position(|byte| *byte == b' ');
        let (time, mut text) = split.map_or((None, frame), |at| {
            let stamp = std::str::from_utf8(&frame[..at]).ok().and_then(time::parse_nanos);
            if stamp.is_some() { (stamp, &frame[at + 1..]) } else { (None, frame) }
        });
        if self.time.is_none() {
            self.time = time.or(Some(0));
        }
        let complete = match text.strip_suffix(b"\n") {
            Some(rest) => {
                text = rest;
                true
            }
            None => false,
        };
        let room = LINE_LIMIT - self.text.len();
        self.text.extend_from_slice(&text[..text.len().min(room)]);
        if complete { self.finish() } else { None }
    }

    fn finish(&mut self) -> Option<LogLine> {
        let nanos = self.time.take()?;
        let text = std::mem::take(&mut self.text);
        let text = text.strip_suffix(b"\r").unwrap_or(&text);
        Some(LogLine {
            container: String::new(),
            time: Timestamp(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)),
            cursor: LogCursor::from_nanos(nanos),
            stream: self.stream,
            text: String::from_utf8_lossy(text).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_long_line_become_one() {
        let mut partial = Partial::new(LogStream::Stdout);
        assert_eq!(partial.push(b"2026-11-21T01:34:23.437040272Z abc"), None);
        let line = partial.push(b"2026-11-21T01:34:23.437040272Z def\n").unwrap();
        assert_eq!((line.text.as_str(), line.time), ("abcdef", Timestamp(1_795_224_863_437)));
        assert_eq!(line.cursor.as_nanos() % 1_000_000, 40_272);
        assert_eq!(partial.push(b"2026-11-21T01:34:24Z \n").unwrap().text, "");
        assert_eq!(partial.finish(), None);
    }
}
