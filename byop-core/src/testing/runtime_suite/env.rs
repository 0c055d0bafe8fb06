//! What the behaviours run on.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};

use crate::model::{
    ContainerFilter, ContainerInfo, ContainerSpec, ContainerState, ImageRef, LogOptions, LogStream,
    NetworkSpec,
};
use crate::runtime::ContainerRuntime;
use crate::testing::{FakeProgram, FakeRuntime};

const LABEL: &str = "byop.test";
/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a container of the suite runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Program {
    /// Runs until it is asked to stop, then ends with code 0.
    Worker,
    /// Prints `ready`, runs on and ignores being asked to stop.
    Stubborn,
    /// Ends at once with this code.
    Exit(i64),
    /// Prints these lines with short pauses, then ends.
    Print(Vec<(LogStream, String)>),
    /// Prints these lines with short pauses and runs on, until it is asked to stop.
    PrintAndStay(Vec<String>),
    /// Answers `ok` over HTTP on this port.
    Server(u16),
    /// Takes more than 32 MiB of memory.
    Eater,
    /// Starts 40 processes; ends with code 0 if it may.
    Crowd,
    /// Is not in the image.
    Missing,
}

type Programs = dyn Fn(&Program) -> (String, Option<Vec<String>>) + Send + Sync;

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// An engine, and how to run the suite's programs on it. Everything it makes carries a label by which it is
/// removed at the end.
pub struct RuntimeEnv {
    /// The engine.
    pub runtime: Arc<dyn ContainerRuntime>,
    prefix: String,
    programs: Box<Programs>,
}

impl fmt::Debug for RuntimeEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeEnv")
            .field("runtime", &self.runtime)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl RuntimeEnv {
    /// An engine, and a function from a program to an image and a command.
    pub fn new(
        runtime: Arc<dyn ContainerRuntime>,
        programs: impl Fn(&Program) -> (String, Option<Vec<String>>) + Send + Sync + 'static,
    ) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("byop-test-suite-{}-{number}", std::process::id());
        Self { runtime, prefix, programs: Box::new(programs) }
    }

    /// A real engine with an image that has BusyBox.
    pub fn busybox(runtime: Arc<dyn ContainerRuntime>, image: &str) -> Self {
        let image = image.to_owned();
        Self::new(runtime, move |program| (image.clone(), Some(shell(program))))
    }

    /// A new fake engine.
    #[must_use]
    pub fn fake() -> Self {
        Self::on_fake(FakeRuntime::new())
    }

    /// A fake engine that something else uses too.
    #[must_use]
    pub fn on_fake(engine: FakeRuntime) -> Self {
        let runtime = Arc::new(engine.clone());
        Self::new(runtime, move |program| {
            let image = format!("suite-{}:1", COUNTER.fetch_add(1, Ordering::Relaxed));
            engine.add_image(&image, fake(program));
            (image, None)
        })
    }

    /// A name that nothing else has.
    #[must_use]
    pub fn name(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.prefix)
    }

    /// The name of an image that has BusyBox.
    #[must_use]
    pub fn image(&self) -> String {
        (self.programs)(&Program::Worker).0
    }

    /// A further name for an image.
    #[must_use]
    pub fn tag(&self, suffix: &str) -> ImageRef {
        ImageRef::new(format!("byop-test-suite:{}-{suffix}", self.prefix)).unwrap()
    }

    /// The label that everything of this environment carries.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(LABEL.to_owned(), self.prefix.clone())])
    }

    /// Only what this environment made.
    #[must_use]
    pub fn filter(&self) -> ContainerFilter {
        ContainerFilter::all().with_label(LABEL, &self.prefix)
    }

    /// A container that runs `program`.
    #[must_use]
    pub fn spec(&self, suffix: &str, program: &Program) -> ContainerSpec {
        let (image, command) = (self.programs)(program);
        let mut spec = ContainerSpec::new(self.name(suffix), image);
        spec.command = command;
        spec.labels = self.labels();
        spec.labels.insert("byop.key".into(), self.name(suffix));
        spec.tmpfs.insert("/tmp".into(), 1 << 20);
        spec
    }

    /// Creates and starts a container; gives its id.
    pub async fn start(&self, spec: &ContainerSpec) -> String {
        let id = self.runtime.create_container(spec).await.unwrap();
        self.runtime.start_container(&id).await.unwrap();
        id
    }

    /// A container that runs `program`; gives its id.
    pub async fn started(&self, suffix: &str, program: &Program) -> String {
        self.start(&self.spec(suffix, program)).await
    }

    /// A network; gives its name.
    pub async fn network(&self, suffix: &str) -> String {
        let name = self.name(suffix);
        let spec = NetworkSpec { name: name.clone(), labels: self.labels(), internal: false };
        self.runtime.create_network(&spec).await.unwrap();
        name
    }

    /// A volume; gives its name.
    pub async fn volume(&self, suffix: &str) -> String {
        let name = self.name(suffix);
        self.runtime.create_volume(&name, &self.labels()).await.unwrap();
        name
    }

    /// Waits until `look` gives something.
    ///
    /// # Panics
    /// When it does not within half a minute.
    pub async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(start.elapsed() < DEADLINE, "waited in vain for: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a container has printed something.
    pub async fn printed(&self, id: &str) {
        self.until("a line", || async {
            let lines = self.runtime.logs(id, &LogOptions::all()).await.unwrap();
            (lines.count().await > 0).then_some(())
        })
        .await;
    }

    /// Waits until a container has ended.
    pub async fn ended(&self, id: &str) -> ContainerInfo {
        self.until("the end of the container", || async {
            let info = self.runtime.inspect_container(id).await.unwrap();
            (info.state == ContainerState::Exited).then_some(info)
        })
        .await
    }

    async fn clean(&self) {
        let runtime = &self.runtime;
        for found in runtime.list_containers(&self.filter()).await.unwrap_or_default() {
            let _ = runtime.remove_container(&found.id).await;
        }
        for found in runtime.list_networks(&self.filter()).await.unwrap_or_default() {
            let _ = runtime.remove_network(&found.name).await;
        }
        for found in runtime.list_volumes(&self.filter()).await.unwrap_or_default() {
            let _ = runtime.remove_volume(&found.name).await;
        }
        for suffix in ["a", "b"] {
            let _ = runtime.remove_image(self.tag(suffix).as_str()).await;
        }
        // Builds whose tag went to a later one.
        for found in runtime.list_images(&self.filter()).await.unwrap_or_default() {
            let _ = runtime.remove_image(&found.id).await;
        }
    }
}

/// Runs one behaviour and removes what it made, whether it passes or not.
///
/// # Panics
/// When the behaviour does.
pub async fn run(env: RuntimeEnv, behaviour: impl AsyncFnOnce(&RuntimeEnv)) {
    let outcome = AssertUnwindSafe(behaviour(&env)).catch_unwind().await;
    env.clean().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

const TRAP: &str = "trap 'exit 0' TERM;";
const STAY: &str = "while :; do sleep 1 & wait $!; done";

fn shell(program: &Program) -> Vec<String> {
    let script = match program {
        Program::Worker => format!("{TRAP} {STAY}"),
        Program::Stubborn => format!("trap '' TERM; echo ready; {STAY}"),
        Program::Exit(code) => format!("exit {code}"),
        Program::Print(lines) => print(lines.iter().map(|(stream, line)| (*stream, line))),
        Program::PrintAndStay(lines) => {
            format!("{TRAP} {} {STAY}", print(lines.iter().map(|line| (LogStream::Stdout, line))))
        }
        Program::Server(port) => format!("echo ok > /tmp/index.html; exec httpd -f -p {port} -h /tmp"),
        Program::Crowd => "i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done".to_owned(),
        Program::Eater => return ["tail", "/dev/zero"].map(String::from).to_vec(),
        Program::Missing => return vec!["/no/such/program".into()],
    };
    vec!["sh".into(), "-c".into(), script]
}

fn print<'a>(lines: impl Iterator<Item = (LogStream, &'a String)>) -> String {
    let one = |(stream, line): (LogStream, &String)| {
        let target = if stream == LogStream::Stderr { " >&2" } else { "" };
        format!("echo '{line}'{target}; sleep 0.05;")
    };
    lines.map(one).collect::<Vec<_>>().join(" ")
}

fn fake(program: &Program) -> FakeProgram {
    let pause = Duration::from_millis(50);
    let print = |program: FakeProgram, lines: &mut dyn Iterator<Item = (LogStream, &String)>| {
        (0_u32..).zip(lines).fold(program, |program, (number, (stream, line))| {
            program.with_line_after(pause * number, stream, line)
        })
    };
    match program {
        Program::Worker => FakeProgram::worker(),
        Program::Stubborn => FakeProgram::worker().with_ignored_stop().with_line("ready"),
        Program::Exit(code) => FakeProgram::exiting(*code),
        Program::Print(lines) => {
            let end = pause * u32::try_from(lines.len()).unwrap_or(0);
            let program = FakeProgram::worker().with_exit(end, 0);
            print(program, &mut lines.iter().map(|(stream, line)| (*stream, line)))
        }
        Program::PrintAndStay(lines) => {
            print(FakeProgram::worker(), &mut lines.iter().map(|line| (LogStream::Stdout, line)))
        }
        Program::Server(port) => FakeProgram::server(*port).with_answer("ok\n"),
        Program::Eater => FakeProgram::worker().with_memory(1 << 40),
        Program::Crowd => FakeProgram::exiting(0).with_processes(40),
        Program::Missing => FakeProgram::missing(),
    }
}
