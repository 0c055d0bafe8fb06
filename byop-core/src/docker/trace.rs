//! The progress messages of BuildKit: protocol buffers (`StatusResponse` of its control API) in base64.
//!
//! Read by hand: the six fields that matter are not worth the client library's 34 further packages.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What happened since the last message.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) vertices: Vec<Vertex>,
    pub(super) logs: Vec<Output>,
}

/// A node of the build: an instruction, or something that BuildKit does by itself.
#[derive(Debug, Default)]
pub(super) struct Vertex {
    pub(super) digest: String,
    pub(super) name: String,
    pub(super) cached: bool,
    pub(super) started: bool,
    pub(super) completed: bool,
    pub(super) error: String,
}

/// A chunk of a vertex's output; not a line.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) vertex: String,
    pub(super) bytes: Vec<u8>,
}

/// Reads a message; `None` when it is not one.
pub(super) fn decode(base64: &str) -> Option<Trace> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let mut trace = Trace::default();
    let mut fields = Fields(&bytes);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => trace.vertices.push(vertex(bytes)?),
            (3, Value::Bytes(bytes)) => trace.logs.push(output(bytes)?),
            _ => {}
        }
    }
    Some(trace)
}

fn vertex(bytes: &[u8]) -> Option<Vertex> {
    let mut vertex = Vertex::default();
    let mut fields = Fields(bytes);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(text)) => vertex.digest = lossy(text),
            (3, Value::Bytes(text)) => vertex.name = lossy(text),
            (4, Value::Number(flag)) => vertex.cached = flag != 0,
            (5, Value::Bytes(_)) => vertex.started = true,
            (6, Value::Bytes(_)) => vertex.completed = true,
            (7, Value::Bytes(text)) => vertex.error = lossy(text),
            _ => {}
        }
    }
    Some(vertex)
}

fn output(bytes: &[u8]) -> Option<Output> {
    let mut output = Output::default();
    let mut fields = Fields(bytes);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(text)) => output.vertex = lossy(text),
            (4, Value::Bytes(bytes)) => output.bytes = bytes.to_vec(),
            _ => {}
        }
    }
    Some(output)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, in the order in which they were written.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field. `Some(None)` is the end, `None` is nonsense.
    #[allow(clippy::option_option)]
    fn next(&mut self) -> Option<Option<(u64, Value<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => Value::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Bytes(self.take(4)?),
            _ => return None,
        };
        Some(Some((key >> 3, value)))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engines_messages_are_read() {
        let trace = decode(
            "CpkBCkdzaGEyNTY6ZmI1MmI4ZTEzMmY4MzBmYTFhNTFkMDg4Yjk2MGE1YjVkMjYzNTY5ZDM2MDJmMDQ1MWMwNjRkNjZmMjFmZjEzYx\
             o0W2J1aWxkIDEvNF0gRlJPTSBkb2NrZXIuaW8vbGlicmFyeS9idXN5Ym94OjEuMzctbXVzbCoLCJ7qg9gGEIr98WgyCwie6oPYBhCA1Ilr",
        )
        .unwrap();
        let vertex = &trace.vertices[0];
        assert_eq!(vertex.name, "[build 1/4] FROM docker.io/library/busybox:1.37-musl");
        assert!(vertex.started && vertex.completed && !vertex.cached && vertex.error.is_empty());
        let trace = decode(
            "GmQKR3NoYTI1NjpiMTVhYjM4MThkM2Y0MWNlNjAyNWQ3OTZiNGI2ZmVmNjhlYmQ4MzY1NjNlNGQ4MWVjNjcyOTQ1YjJjYzIxYmY5Egw\
             InuqD2AYQ26ekrAEYASIJbDEKbDIKbDMK",
        )
        .unwrap();
        assert_eq!(trace.logs[0].bytes, b"l1\nl2\nl3\n");
        assert!(trace.logs[0].vertex.starts_with("sha256:b15ab"));
    }

    #[test]
    fn nonsense_is_not_a_message() {
        for bad in ["!", "CpkB", "/////////////w==", "Cg=="] {
            assert!(decode(bad).is_none(), "{bad}");
        }
        assert!(decode("").unwrap().vertices.is_empty());
    }
}
