//! From the messages of either builder to steps and lines.

use std::collections::{HashMap, VecDeque};

use crate::docker::lines::LineBuffer;
use crate::docker::trace::{self, Vertex};
use crate::model::{BuildEvent, Builder};

/// How many lines an error quotes.
const QUOTED: usize = 20;

/// What a build has said so far.
#[derive(Debug)]
pub(super) struct Progress {
    builder: Builder,
    lines: LineBuffer,
    vertices: HashMap<String, Node>,
    last: VecDeque<String>,
    step: String,
    failed: Option<String>,
}

#[derive(Debug, Default)]
struct Node {
    name: String,
    announced: bool,
    completed: bool,
    lines: LineBuffer,
}

impl Progress {
    pub(super) fn new(builder: Builder) -> Self {
        Self {
            builder,
            lines: LineBuffer::default(),
            vertices: HashMap::new(),
            last: VecDeque::new(),
            step: String::new(),
            failed: None,
        }
    }

    /// The instruction that failed, or the last one that began.
    pub(super) fn step(&self) -> &str {
        self.failed.as_deref().unwrap_or(&self.step)
    }

    /// The last lines.
    pub(super) fn tail(&self) -> String {
        self.last.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// A chunk of the classic builder's output.
    pub(super) fn chunk(&mut self, chunk: &str) -> Vec<BuildEvent> {
        let lines = self.lines.push(chunk.as_bytes());
        lines.into_iter().filter_map(|line| self.line(line)).collect()
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> Option<BuildEvent> {
        let line = self.lines.finish()?;
        self.line(line)
    }

    /// One line, which may announce a step.
    pub(super) fn line(&mut self, line: String) -> Option<BuildEvent> {
        if line.trim().is_empty() {
            return None;
        }
        if self.builder == Builder::Classic
            && let Some((number, total, name)) = classic_step(&line)
        {
            let name = name.to_owned();
            self.step.clone_from(&name);
            return Some(BuildEvent::Step { number, total, name });
        }
        if !is_bookkeeping(&line) {
            if self.last.len() == QUOTED {
                self.last.pop_front();
            }
            self.last.push_back(line.chars().take(1000).collect());
        }
        Some(BuildEvent::Log(line))
    }

    /// A message of BuildKit.
    pub(super) fn trace(&mut self, text: &str) -> Vec<BuildEvent> {
        // A message in a shape of the future costs a line, not the build.
        let Some(trace) = trace::decode(text) else { return Vec::new() };
        let mut events = Vec::new();
        for vertex in trace.vertices {
            self.vertex(&vertex, &mut events);
        }
        for output in trace.logs {
            let node = self.vertices.entry(output.vertex).or_default();
            let lines = node.lines.push(&output.bytes);
            events.extend(lines.into_iter().filter_map(|line| self.line(line)));
        }
        events
    }

    fn vertex(&mut self, vertex: &Vertex, events: &mut Vec<BuildEvent>) {
        let node = self.vertices.entry(vertex.digest.clone()).or_default();
        node.name.clone_from(&vertex.name);
        let begins = vertex.started && !std::mem::replace(&mut node.announced, true);
        let ends = vertex.completed && !std::mem::replace(&mut node.completed, true);
        let rest = if ends { node.lines.finish() } else { None };
        if begins {
            match buildkit_step(&vertex.name) {
                Some((number, total, name)) => {
                    self.step.clone_from(&vertex.name);
                    events.push(BuildEvent::Step { number, total, name: name.to_owned() });
                }
                None => events.push(BuildEvent::Log(vertex.name.clone())),
            }
            if vertex.cached {
                events.push(BuildEvent::Log("CACHED".into()));
            }
        }
        events.extend(rest.and_then(|line| self.line(line)));
        // Steps beside the failing one end with "canceled".
        if !vertex.error.is_empty() && !vertex.error.contains("context canceled") && self.failed.is_none() {
            self.failed = Some(vertex.name.clone());
        }
    }
}

/// Lines of the classic builder about its own containers.
fn is_bookkeeping(line: &str) -> bool {
    line.starts_with(" ---> ") || line.starts_with("Removing intermediate container ")
}

/// `Step 3/9 : RUN make`
fn classic_step(line: &str) -> Option<(u32, u32, &str)> {
    let (numbers, name) = line.strip_prefix("Step ")?.split_once(" : ")?;
    let (number, total) = numbers.split_once('/')?;
    Some((number.parse().ok()?, total.parse().ok()?, name))
}

/// `[build 2/5] RUN make` or `[2/5] RUN make`
fn buildkit_step(name: &str) -> Option<(u32, u32, &str)> {
    let (place, name) = name.strip_prefix('[')?.split_once("] ")?;
    let (number, total) = place.rsplit(' ').next()?.split_once('/')?;
    Some((number.parse().ok()?, total.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_both_builders_are_recognised() {
        assert_eq!(classic_step("Step 3/9 : RUN a : b"), Some((3, 9, "RUN a : b")));
        assert_eq!(classic_step("Step by step"), None);
        assert_eq!(buildkit_step("[build 2/5] RUN a"), Some((2, 5, "RUN a")));
        assert_eq!(buildkit_step("[2/5] RUN [x] y"), Some((2, 5, "RUN [x] y")));
        assert_eq!(buildkit_step("[internal] load metadata"), None);
    }

    #[test]
    fn the_classic_builders_chunks_become_lines() {
        let mut progress = Progress::new(Builder::Classic);
        assert_eq!(progress.chunk("Step 1/1 : RUN x"), []);
        let events = progress.chunk("\n ---> Running in 1\nhalf");
        assert_eq!(
            events,
            [
                BuildEvent::Step { number: 1, total: 1, name: "RUN x".into() },
                BuildEvent::Log(" ---> Running in 1".into())
            ]
        );
        assert_eq!(progress.finish(), Some(BuildEvent::Log("half".into())));
        assert_eq!(progress.step(), "RUN x");
    }

    #[test]
    fn an_error_quotes_the_last_twenty_lines() {
        let mut progress = Progress::new(Builder::Classic);
        for number in 0..50 {
            progress.chunk(&format!("{number}\n"));
        }
        assert_eq!(progress.tail().lines().count(), QUOTED);
        assert!(progress.tail().ends_with("49"));
    }
}
