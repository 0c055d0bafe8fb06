//! An engine on fakes, and what every refusal must look like.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use byop_core::engine::Engine;
use byop_core::model::{AppSpec, Preview, Source, SourceLimits};
use byop_core::testing::{FakeIngress, FakeProgram, FakeRuntime};
use byop_core::{Error, ErrorKind, Result};
use tempfile::TempDir;

/// How many tests of families there are.
const FAMILIES: usize = 9;
static REFUSED: AtomicUsize = AtomicUsize::new(0);
static DONE: AtomicUsize = AtomicUsize::new(0);

/// An engine, and a folder that nothing may change.
pub struct World {
    pub engine: Engine,
    pub runtime: FakeRuntime,
    folder: TempDir,
    before: BTreeMap<PathBuf, String>,
}

/// Kinds by which input is refused.
const USUAL: [ErrorKind; 3] = [ErrorKind::InvalidInput, ErrorKind::NotFound, ErrorKind::Unsupported];

impl World {
    pub fn new() -> Self {
        Self::with_limits(SourceLimits::default())
    }

    pub fn with_limits(limits: SourceLimits) -> Self {
        // In memory where the machine has such a folder: some inputs are a hundred thousand files.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let outside = folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("passwd"), "root:x:0:0").unwrap();
        std::fs::write(outside.join("package.json"), r#"{"scripts":{"start":"node stolen.js"}}"#).unwrap();
        let runtime = FakeRuntime::new();
        runtime.add_image("shop:1", FakeProgram::server(8080));
        let engine = Engine::builder()
            .with_runtime("local", runtime.clone())
            .with_ingress(FakeIngress::new(&runtime))
            .with_work_dir(folder.path().join("work"))
            .with_limits(limits)
            .build()
            .unwrap();
        let before = listing(&outside);
        Self { engine, runtime, folder, before }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A path that no input may lead to.
    pub fn outside(&self) -> PathBuf {
        self.path("outside")
    }

    pub async fn preview(&self, source: Source) -> Result<Preview> {
        self.engine.preview(&AppSpec::new("shop", source).unwrap()).await
    }

    pub async fn deploy(&self, spec: AppSpec) -> Result<()> {
        let job = self.engine.deploy(spec).await?;
        self.engine.wait(&job).await.map(drop)
    }

    /// Preview and deployment of a source must both be refused for this reason.
    pub async fn refuses(&self, case: &str, source: Source, named: &str) {
        let spec = AppSpec::new("shop", source.clone()).unwrap();
        let preview = self.preview(source).await;
        check(&format!("preview of {case}"), preview.map(drop), named);
        check(&format!("deployment of {case}"), self.deploy(spec).await, named);
        count();
    }

    /// As `refuses`, for inputs that are large: the deployment alone.
    pub async fn refuses_deployment(&self, case: &str, source: Source, named: &str) {
        check(case, self.deploy(AppSpec::new("shop", source).unwrap()).await, named);
        count();
    }

    /// Ends a family: nothing was touched, nothing was built or started.
    pub fn end(self) {
        let problems = PROBLEMS.take();
        assert!(problems.is_empty(), "{} of the refusals:\n{}", problems.len(), problems.join("\n"));
        assert_eq!(listing(&self.outside()), self.before, "something was written outside");
        let mut left: Vec<_> = listing(&self.path("work")).into_keys().collect();
        left.retain(|path| path.is_file());
        assert!(left.is_empty(), "left in the working folder: {left:?}");
        let calls = self.runtime.calls();
        for made in ["container.create", "image.build"] {
            assert!(!calls.iter().any(|call| call.starts_with(made)), "{made} was called");
        }
        assert!(!Path::new("/tmp/byop-hostile").exists(), "something was written to /tmp");
        assert_eq!(children(), 0, "a program was started");
        if DONE.fetch_add(1, Ordering::SeqCst) + 1 == FAMILIES {
            let refused = REFUSED.load(Ordering::SeqCst);
            println!("{refused} malformed inputs refused");
            assert!(refused >= 200, "{refused}");
        }
    }
}

pub fn count() {
    REFUSED.fetch_add(1, Ordering::SeqCst);
}

thread_local! {
    static PROBLEMS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes what is wrong with a refusal, so that a family tells all of it at its end: the kind must be a usual one, what
/// is wrong be named, and nothing may spoil the reader's screen.
pub fn check(case: &str, result: Result<()>, named: &str) {
    let problem =
        |text: String| PROBLEMS.with_borrow_mut(|problems| problems.push(format!("{case}: {text}")));
    let Err(error) = result else { return problem("was not refused".into()) };
    if !USUAL.contains(&error.kind()) {
        problem(format!("the kind is wrong: {error:?}"));
    }
    if !text(&error).contains(named) {
        problem(format!("`{named}` is not named: {error:?}"));
    }
    let display = error.to_string();
    if display.len() > 2_000 || display.chars().any(|c| c.is_control() && c != '\n') {
        problem(format!("too long or with control characters: {display:.200?}"));
    }
}

fn text(error: &Error) -> String {
    let report = error.report();
    format!("{error} {} {}", report.remedy.unwrap_or_default(), report.causes.join(" "))
}

/// Every entry beneath a folder, with what is in it.
fn listing(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(listing(&path));
        }
        found.insert(path.clone(), std::fs::read_to_string(&path).unwrap_or_default());
    }
    found
}

/// Page faults of programs that this process has started and waited for: none when there was no such program
/// (proc(5), field 11 of `stat`).
fn children() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().nth(8).unwrap().parse().unwrap()
}
