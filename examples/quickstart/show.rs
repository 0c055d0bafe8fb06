//! Events, answers and errors for a person: progress bars on a terminal, plain lines in a pipe.

use std::io::IsTerminal;
use std::time::Duration;

use byop_core::model::{ContainerStats, Detection, Event, EventBody, Plan};
use byop_core::{Error, Result};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use indicatif::{ProgressBar, ProgressStyle};

/// Shows the events of a job until it ends.
pub async fn follow(mut events: BoxStream<'static, Result<Event>>) -> Result<()> {
    let mut screen = Screen::new();
    while let Some(event) = events.next().await {
        screen.show(event?.body);
    }
    Ok(())
}

/// One bar for the running step; `None` in a pipe.
struct Screen {
    bar: Option<ProgressBar>,
}

impl Screen {
    fn new() -> Self {
        Self { bar: std::io::stdout().is_terminal().then(ProgressBar::no_length) }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{text}")),
            None => println!("{text}"),
        }
    }

    fn show(&mut self, body: EventBody) {
        match body {
            EventBody::StepStarted { stage, message } => match &self.bar {
                Some(bar) => {
                    bar.reset();
                    bar.unset_length();
                    if let Ok(style) =
                        ProgressStyle::with_template("{spinner} {prefix:>8} {elapsed:>4} {wide_msg}")
                    {
                        bar.set_style(style);
                    }
                    bar.set_prefix(stage);
                    bar.set_message(message);
                    bar.enable_steady_tick(Duration::from_millis(100));
                }
                None => println!("{stage:>8}  {message}"),
            },
            EventBody::StepFinished { stage, millis, replayed } => {
                let note = if replayed { " (done by an earlier run)" } else { "" };
                self.line(&format!("{stage:>8}  done in {:.1} s{note}", millis as f64 / 1000.0));
            }
            EventBody::Progress(progress) => match &self.bar {
                Some(bar) => {
                    if progress.total > 0 {
                        let template = "{spinner} {prefix:>8} [{bar:20}] {pos}/{len} {wide_msg}";
                        if let Ok(style) = ProgressStyle::with_template(template) {
                            bar.set_style(style.progress_chars("=> "));
                        }
                        bar.set_length(progress.total);
                    }
                    bar.set_position(progress.current);
                    bar.set_message(progress.message);
                }
                None => println!(
                    "{:>8}  {}/{} {}",
                    progress.stage, progress.current, progress.total, progress.message
                ),
            },
            EventBody::Log { stage, line } => match &self.bar {
                Some(bar) if stage == "build" => bar.set_message(line),
                _ => self.line(&format!("{stage:>8} | {line}")),
            },
            EventBody::Detected { detection, plan } => self.detected(&detection, &plan),
            EventBody::Warning { message } => self.line(&format!(" warning  {message}")),
            EventBody::Deployed(deployment) => self.line(&format!(
                "{:>8}  release {} serves at {}",
                "live",
                deployment.release,
                deployment.url.unwrap_or_else(|| "no host name".into())
            )),
            EventBody::Job { .. } => {}
            _ => {}
        }
    }

    fn detected(&self, detection: &Detection, plan: &Plan) {
        let words = [Some(detection.stack.clone()), detection.version.clone(), detection.framework.clone()];
        let what: Vec<String> = words.into_iter().flatten().collect();
        self.line(&format!("detected  {} ({:.0} % sure)", what.join(" "), detection.confidence * 100.0));
        for evidence in &detection.evidence {
            self.line(&format!("          {}: {} ({})", evidence.file, evidence.reason, evidence.fact));
        }
        for (name, value) in [("install", &plan.install), ("build", &plan.build), ("start", &plan.start)] {
            if let Some(value) = value {
                self.line(&format!("    plan  {name}: {value}"));
            }
        }
        self.line(&format!("    plan  port: {}, health: {}", plan.port, plan.health.path));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The head of an HTTP answer and the start of its body.
pub fn response(text: &str) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    for line in head.lines() {
        println!("  {line}");
    }
    println!();
    for line in body.lines().take(8) {
        println!("  {}", line.chars().take(100).collect::<String>());
    }
}

/// One line of what the app uses.
pub fn stats(stats: &ContainerStats) {
    println!(
        "cpu {:5.1} %   memory {:6.1} of {:.0} MiB   {} processes   in {} kB, out {} kB",
        stats.cpu_percent,
        stats.memory_bytes as f64 / 1048576.0,
        stats.memory_limit_bytes as f64 / 1048576.0,
        stats.pids,
        stats.network_rx_bytes / 1000,
        stats.network_tx_bytes / 1000,
    );
}

/// What went wrong, why, and what to do.
pub fn error(error: &Error) {
    let report = error.report();
    eprintln!("\nerror: {} [{} in {}]", report.message, report.kind, report.operation);
    for (key, value) in &report.context {
        eprintln!("  {key}: {}", value.replace('\n', "\n    "));
    }
    for cause in &report.causes {
        eprintln!("  caused by: {cause}");
    }
    if let Some(remedy) = &report.remedy {
        eprintln!("  to do: {remedy}");
    }
}
