//! Says why a new release did not become healthy, from what can be seen from outside it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::{GateInput, StageContext, labels};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::ingress::Probe;
use crate::model::{ContainerSpec, ContainerState, LogLine, LogOptions};

/// Why a release did not become healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnhealthyCause {
    /// Its process ended.
    Exited,
    /// Its process was ended for using too much memory.
    OutOfMemory,
    /// It listens on no port and does nothing.
    NeverListened,
    /// It listens, but on another port.
    WrongPort,
    /// It listens on the loopback address only, where the proxy cannot reach it.
    LoopbackOnly,
    /// It listens on no port yet and is still busy.
    SlowBoot,
    /// It takes requests but does not answer in time.
    NoAnswer,
    /// It answers with a redirect, which does not count as healthy.
    Redirect,
    /// It answers with a bad status.
    BadStatus,
}

impl fmt::Display for UnhealthyCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What was seen while waiting.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Exit code, out of memory, the engine's own error.
    pub(super) exited: Option<(i64, bool, String)>,
    pub(super) last_probe: Option<Probe>,
    pub(super) last_timeout: bool,
    pub(super) cpu_at_two_thirds: Option<(u64, Timestamp)>,
}

const LINES: u32 = 20;

/// The error that a person reads: cause, evidence, the last lines of the log, what to do.
pub(super) async fn diagnose(cx: &StageContext, input: &GateInput, observed: &Observed) -> Error {
    let log = last_lines(cx, &input.backend.container).await;
    let finding = match finding(cx, input, observed, &log).await {
        Ok(finding) => finding,
        Err(error) => return error.with_operation("release.gate"),
    };
    for line in &log {
        cx.log("gate", line.text.clone()).await;
    }
    let text: Vec<&str> = log.iter().map(|line| line.text.as_str()).collect();
    Error::new(ErrorKind::Unhealthy, "release.gate", finding.message)
        .with_context("app", &input.route.app)
        .with_context("release", input.backend.release)
        .with_context("cause", finding.cause)
        .with_context("log", text.join("\n"))
        .with_remedy(finding.remedy)
}

struct Finding {
    cause: UnhealthyCause,
    message: String,
    remedy: String,
}

async fn finding(
    cx: &StageContext,
    input: &GateInput,
    observed: &Observed,
    log: &[LogLine],
) -> Result<Finding> {
    let (port, seconds) = (input.backend.port, input.health.deadline_seconds);
    let found = |cause, message: String, remedy: &str| Ok(Finding { cause, message, remedy: remedy.into() });
    if let Some((code, out_of_memory, engine_error)) = &observed.exited {
        if *out_of_memory {
            return found(
                UnhealthyCause::OutOfMemory,
                "the new release was ended because it used more memory than its limit".into(),
                "raise `resources.memory_bytes`, or let the app use less",
            );
        }
        let detail = if engine_error.is_empty() { String::new() } else { format!(": {engine_error}") };
        return found(
            UnhealthyCause::Exited,
            format!("the new release exited with code {code} before it was healthy{detail}"),
            "read the log lines; the start command may be wrong, or a variable or a service missing",
        );
    }
    // Only these two are also what the proxy says by itself: anything else came from the release.
    if observed.last_probe.as_ref().is_some_and(|probe| !matches!(probe.status, 502 | 504)) {
        return Ok(bad_answer(input, observed));
    }
    let sockets = listening_sockets(cx, input).await?;
    if sockets.iter().any(|socket| socket.port == port && !socket.loopback) {
        return Ok(bad_answer(input, observed));
    }
    if sockets.iter().any(|socket| socket.port == port) {
        return found(
            UnhealthyCause::LoopbackOnly,
            format!("the new release listens on port {port} of the loopback address only"),
            "let the app listen on 0.0.0.0",
        );
    }
    let others: BTreeSet<u16> = sockets.iter().filter(|s| !s.loopback).map(|s| s.port).collect();
    if !others.is_empty() {
        let list = others.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        return found(
            UnhealthyCause::WrongPort,
            format!("the new release listens on port {list}, not on port {port}"),
            "set `port` in the app's spec, or let the app listen on the port in the variable PORT",
        );
    }
    if is_busy(cx, input, observed, log).await? {
        return found(
            UnhealthyCause::SlowBoot,
            format!("the new release was still starting after {seconds} s: no port open, but at work"),
            "raise `health.deadline_seconds`, or let the app start faster",
        );
    }
    found(
        UnhealthyCause::NeverListened,
        format!("the new release runs but opened no port within {seconds} s"),
        "check that the start command starts a server; raise `health.deadline_seconds` if it starts slowly",
    )
}

fn bad_answer(input: &GateInput, observed: &Observed) -> Finding {
    let (path, seconds) = (&input.path, input.health.timeout_seconds);
    match &observed.last_probe {
        Some(Probe { status, location: Some(location) }) if (300..400).contains(status) => Finding {
            cause: UnhealthyCause::Redirect,
            message: format!("the health path {path} answers with {status}, a redirect to {location}"),
            remedy: "set `health.path` to a path that answers directly".into(),
        },
        Some(Probe { status, .. }) if !(observed.last_timeout && matches!(status, 502 | 504)) => Finding {
            cause: UnhealthyCause::BadStatus,
            message: format!("the health path {path} answers with status {status}"),
            remedy: "set `health.path` to a path that answers with 200 when the app is ready".into(),
        },
        _ => Finding {
            cause: UnhealthyCause::NoAnswer,
            message: format!(
                "the new release takes connections but gave no answer at {path} within {seconds} s"
            ),
            remedy: "let the health path answer quickly, or raise `health.timeout_seconds`".into(),
        },
    }
}

/// Whether the release wrote to its log or used the processor in the last third of the wait.
async fn is_busy(cx: &StageContext, input: &GateInput, observed: &Observed, log: &[LogLine]) -> Result<bool> {
    let Some((cpu_before, since)) = observed.cpu_at_two_thirds else { return Ok(false) };
    if log.last().is_some_and(|line| line.time > since) {
        return Ok(true);
    }
    let used = cx.runtime.stats(&input.backend.container).await?.cpu_nanos.saturating_sub(cpu_before);
    let passed = u64::try_from(cx.clock.now().0 - since.0).unwrap_or(0) * 1_000_000;
    // An idle process with timers uses well under a hundredth of a processor.
    Ok(used > passed / 20)
}

async fn last_lines(cx: &StageContext, container: &str) -> Vec<LogLine> {
    match cx.runtime.logs(container, &LogOptions::tail(LINES)).await {
        Ok(lines) => lines.filter_map(|line| async { line.ok() }).collect().await,
        Err(error) => {
            tracing::warn!(%error, container, "cannot read the log of a failed release");
            Vec::new()
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Socket {
    port: u16,
    loopback: bool,
}

/// The listening sockets of a release, seen from a second container in its network.
async fn listening_sockets(cx: &StageContext, input: &GateInput) -> Result<Vec<Socket>> {
    let Some(image) = cx.ingress.toolbox_image() else { return Ok(Vec::new()) };
    let name = format!("{}-look", input.backend.container);
    let mut spec = ContainerSpec::new(&name, image);
    spec.entrypoint = Some(vec!["cat".into()]);
    spec.command = Some(vec!["/proc/net/tcp".into(), "/proc/net/tcp6".into()]);
    spec.share_network_with = Some(input.backend.container.clone());
    spec.labels = labels::of_app(&input.route.app, &cx.job);
    spec.labels.insert("byop.release".into(), input.backend.release.to_string());
    let looked = async {
        cx.runtime.create_container(&spec).await?;
        cx.runtime.start_container(&name).await?;
        // `cat` ends at once; ten seconds are for an engine under load.
        for _ in 0..200 {
            if cx.runtime.inspect_container(&name).await?.state == ContainerState::Exited {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let lines = cx.runtime.logs(&name, &LogOptions::all()).await?;
        Ok(lines.filter_map(|line| async { line.ok().and_then(|l| socket(&l.text)) }).collect().await)
    };
    let sockets = looked.await;
    cx.runtime.remove_container(&name).await?;
    sockets
}

/// A listening socket from a line of `/proc/net/tcp` or `tcp6` (proc(5): addresses in hexadecimal, state `0A`).
fn socket(line: &str) -> Option<Socket> {
    let mut fields = line.split_ascii_whitespace();
    let (address, port) = fields.nth(1)?.rsplit_once(':')?;
    if fields.nth(1)? != "0A" {
        return None;
    }
    let loopback = match address.len() {
        8 => address.ends_with("7F"),
        _ => address == "00000000000000000000000001000000" || address.ends_with("FFFF00000100007F"),
    };
    // Docker's own name server listens inside each container on 127.0.0.11.
    if address == "0B00007F" {
        return None;
    }
    Some(Socket { port: u16::from_str_radix(port, 16).ok()?, loopback })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_read_from_the_kernels_table() {
        let line =
            |address: &str, state: &str| format!("0: {address} 00000000:0000 {state} 0:0 0:0 0 0 0 1 1");
        assert_eq!(socket(&line("00000000:1F90", "0A")), Some(Socket { port: 8080, loopback: false }));
        assert_eq!(socket(&line("0100007F:1F90", "0A")), Some(Socket { port: 8080, loopback: true }));
        assert_eq!(socket(&line("0B00007F:A001", "0A")), None);
        assert_eq!(socket(&line("00000000:1F90", "01")), None);
        let any6 = "00000000000000000000000000000000:0050";
        assert_eq!(socket(&line(any6, "0A")), Some(Socket { port: 80, loopback: false }));
        let one6 = "00000000000000000000000001000000:0050";
        assert_eq!(socket(&line(one6, "0A")), Some(Socket { port: 80, loopback: true }));
    }

    #[test]
    fn causes_are_shown_as_on_the_wire() {
        assert_eq!(UnhealthyCause::WrongPort.to_string(), "wrong_port");
    }
}
