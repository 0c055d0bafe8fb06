//! From chunks to lines.

use bytes::{Buf, Bytes, BytesMut};
use futures_util::Stream;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use super::error;
use crate::error::{Error, ErrorKind, Result};

/// Lines beyond this are cut.
pub(super) const LINE_LIMIT: usize = 1 << 20;
/// An engine that sends more than this without a line end is not one.
const MESSAGE_LIMIT: usize = 16 << 20;

/// Puts lines together from chunks that end anywhere.
#[derive(Debug, Default)]
pub(super) struct LineBuffer(Vec<u8>);

impl LineBuffer {
    /// Adds a chunk and gives the lines that it completes.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let (text, complete) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = LINE_LIMIT - self.0.len();
            self.0.extend_from_slice(&text[..text.len().min(room)]);
            if complete {
                lines.push(self.take());
            }
        }
        lines
    }

    /// The line that has no end, if there is one.
    pub(super) fn finish(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.0);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        String::from_utf8_lossy(text).into_owned()
    }
}

/// The next chunk of an answer; `None` at its end.
pub(super) async fn chunk(operation: &'static str, body: &mut Incoming) -> Result<Option<Bytes>> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(err)) => return Err(error::engine(operation, err.into())),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// The messages of an answer that is one JSON value after another.
#[derive(Debug)]
pub(super) struct Messages {
    operation: &'static str,
    body: Incoming,
    buffer: BytesMut,
}

impl Messages {
    pub(super) fn new(operation: &'static str, body: Incoming) -> Self {
        Self { operation, body, buffer: BytesMut::new() }
    }

    /// The next message; `None` at the end.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(searched + end + 1);
                searched = 0;
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return self.parse(&line).map(Some);
            }
            searched = self.buffer.len();
            if searched > MESSAGE_LIMIT {
                return Err(Error::new(
                    ErrorKind::Internal,
                    self.operation,
                    "the engine's message does not end",
                ));
            }
            match chunk(self.operation, &mut self.body).await? {
                Some(data) => self.buffer.extend_from_slice(&data),
                None if self.buffer.trim_ascii().is_empty() => return Ok(None),
                None => {
                    let rest = self.buffer.split();
                    return self.parse(&rest).map(Some);
                }
            }
        }
    }

    fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T> {
        serde_json::from_slice(line)
            .map_err(|err| error::internal(self.operation, "the engine's message cannot be read", err))
    }

    /// All messages as a stream.
    pub(super) fn into_stream<T: DeserializeOwned + Send>(self) -> impl Stream<Item = Result<T>> + Send {
        futures_util::stream::try_unfold(self, |mut messages| async move {
            Ok(messages.next().await?.map(|message| (message, messages)))
        })
    }
}

/// The frames of an answer that carries both output streams of a process.
#[derive(Debug)]
pub(super) struct Frames {
    operation: &'static str,
    body: Incoming,
    buffer: BytesMut,
}

impl Frames {
    pub(super) fn new(operation: &'static str, body: Incoming) -> Self {
        Self { operation, body, buffer: BytesMut::new() }
    }

    /// The number of the stream (1 output, 2 errors) and its bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<(u8, Bytes)>> {
        loop {
            if let [stream, _, _, _, a, b, c, d, rest @ ..] = &self.buffer[..] {
                let (stream, length) = (*stream, u32::from_be_bytes([*a, *b, *c, *d]) as usize);
                if length > MESSAGE_LIMIT || stream > 3 {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        self.operation,
                        "the engine's output has no frames",
                    ));
                }
                if rest.len() >= length {
                    self.buffer.advance(8);
                    return Ok(Some((stream, self.buffer.split_to(length).freeze())));
                }
            }
            match chunk(self.operation, &mut self.body).await? {
                Some(data) => self.buffer.extend_from_slice(&data),
                // What is left is a frame that the end of the container cut off.
                None => return Ok(None),
            }
        }
    }

    /// The next bytes as they are, for a process with a terminal, whose output has no frames.
    pub(super) async fn raw(&mut self) -> Result<Option<Bytes>> {
        chunk(self.operation, &mut self.body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_chunks() {
        let mut buffer = LineBuffer::default();
        assert_eq!(buffer.push(b"a\nb"), ["a"]);
        assert_eq!(buffer.push(b"c\r\n\nd"), ["bc", ""]);
        assert_eq!(buffer.finish().as_deref(), Some("d"));
        assert_eq!(buffer.finish(), None);
    }

    #[test]
    fn long_lines_are_cut_and_do_not_eat_the_next() {
        let mut buffer = LineBuffer::default();
        let chunk = vec![b'x'; LINE_LIMIT / 2 + 1];
        for _ in 0..4 {
            assert!(buffer.push(&chunk).is_empty());
        }
        let lines = buffer.push(b"y\nnext\n");
        assert_eq!((lines[0].len(), lines[1].as_str()), (LINE_LIMIT, "next"));
    }
}
