//! Builds by both builders of a real engine.

use std::time::{Duration, Instant};

use byop_core::model::{BuildEvent, BuildImageSpec, Builder, FileSet, SourceLimits};
use byop_core::source::{BuildContext, SourceTree};
use byop_core::testing::runtime_suite::{RuntimeEnv, run};
use byop_core::{ErrorKind, Result};
use futures_util::{StreamExt, TryStreamExt};

use crate::support::{IMAGE, make};

fn context(tree: &SourceTree, dockerfile: &str) -> BuildContext {
    let mut files = FileSet::new();
    files.insert("Dockerfile", dockerfile);
    BuildContext::new(tree, &files).unwrap()
}

fn small(dockerfile: &str) -> BuildContext {
    context(&SourceTree::from_files([("app.txt", "hello")]).unwrap(), dockerfile)
}

fn spec(env: &RuntimeEnv, builder: Builder) -> BuildImageSpec {
    let mut spec = BuildImageSpec::new(env.tag("a"));
    spec.builder = builder;
    spec.labels = env.labels();
    spec
}

async fn build(env: &RuntimeEnv, spec: &BuildImageSpec, dockerfile: &str) -> Result<Vec<BuildEvent>> {
    env.runtime.build_image(spec, small(dockerfile)).await?.try_collect().await
}

#[tokio::test]
async fn the_classic_builder_tells_steps_and_lines() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let text = format!("FROM {IMAGE}\nCOPY app.txt /\nRUN cat /app.txt; echo; echo {}\n", env.name("x"));
        let events = build(env, &spec(env, Builder::Classic), &text).await.unwrap();
        let steps: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                BuildEvent::Step { number, name, .. } => {
                    Some((*number, name.split(' ').next().unwrap_or_default()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(steps, [(1, "FROM"), (2, "COPY"), (3, "RUN"), (4, "LABEL")]);
        for line in ["hello".to_owned(), env.name("x")] {
            assert!(events.contains(&BuildEvent::Log(line)), "{events:?}");
        }
        assert!(matches!(events.last(), Some(BuildEvent::Done(_))));
    })
    .await;
}

#[tokio::test]
async fn the_classic_builder_names_the_command_that_failed() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let text = format!("FROM {IMAGE}\nRUN echo the-reason; exit 9\n");
        let error = build(env, &spec(env, Builder::Classic), &text).await.unwrap_err();
        assert_eq!(error.message(), "`echo the-reason; exit 9` ended with exit code 9");
        assert_eq!(error.context("step"), Some("RUN echo the-reason; exit 9"));
        assert_eq!(error.context("log"), Some("the-reason"));
    })
    .await;
}

#[tokio::test]
async fn the_classic_builder_holds_a_build_to_its_memory() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let mut spec = spec(env, Builder::Classic);
        spec.memory_bytes = 32 << 20;
        spec.cpus = 1.0;
        let error = build(env, &spec, &format!("FROM {IMAGE}\nRUN tail /dev/zero\n")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.context("exit_code")),
            (ErrorKind::InvalidInput, Some("137")),
            "{error:?}"
        );
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("memory")));
    })
    .await;
}

#[tokio::test]
async fn an_instruction_that_is_none_is_the_authors_to_correct() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        for builder in [Builder::Classic, Builder::BuildKit] {
            for text in [format!("FROM {IMAGE}\nRUNN x\n"), format!("FROM {IMAGE}\nCOPY missing /\n")] {
                let error = build(env, &spec(env, builder), &text).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{builder:?}: {error:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn buildkit_keeps_a_cache_mount_between_builds() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let id = env.name("cache");
        let text = |number: u32| {
            format!("FROM {IMAGE}\nRUN --mount=type=cache,id={id},target=/c echo {number} >> /c/x; echo got-$(cat /c/x | tr '\\n' -)\n")
        };
        build(env, &spec(env, Builder::BuildKit), &text(1)).await.unwrap();
        let events = build(env, &spec(env, Builder::BuildKit), &text(2)).await.unwrap();
        assert!(events.contains(&BuildEvent::Log("got-1-2-".into())), "{events:?}");
    })
    .await;
}

/// Whether a process of this machine has `marker` among its arguments.
fn is_running(marker: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut arguments = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    arguments.any(|bytes| String::from_utf8_lossy(&bytes).split('\0').any(|argument| argument == marker))
}

#[tokio::test]
async fn dropping_the_stream_ends_the_build_within_a_second() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        for (builder, number) in [(Builder::Classic, 1), (Builder::BuildKit, 2)] {
            let marker = format!("7{number}{}", std::process::id());
            let text = format!("FROM {IMAGE}\nRUN echo {marker}; sleep {marker}\n");
            let mut stream = env.runtime.build_image(&spec(env, builder), small(&text)).await.unwrap();
            while let Some(event) = stream.next().await {
                if event.unwrap() == BuildEvent::Log(marker.clone()) {
                    break;
                }
            }
            env.until("the build's process", || async { is_running(&marker).then_some(()) }).await;
            drop(stream);
            let start = Instant::now();
            env.until("the end of the build's process", || async { (!is_running(&marker)).then_some(()) })
                .await;
            println!("{builder:?}: cancelled in {:?}", start.elapsed());
            assert!(start.elapsed() < Duration::from_secs(1), "{builder:?}: {:?}", start.elapsed());
        }
    })
    .await;
}

#[tokio::test]
async fn a_context_that_cannot_be_read_is_the_error() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        for builder in [Builder::Classic, Builder::BuildKit] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("a.bin"), vec![1; 3 << 20]).unwrap();
            let tree = SourceTree::open(folder.path(), &SourceLimits::default()).unwrap();
            let context = context(&tree, &format!("FROM {IMAGE}\nCOPY . /\n"));
            std::fs::write(folder.path().join("a.bin"), "short").unwrap();
            let stream = env.runtime.build_image(&spec(env, builder), context).await.unwrap();
            let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Conflict, "image.build"), "{error:?}");
        }
    })
    .await;
}

#[test]
fn dropping_the_stream_stops_reading_the_context() {
    // A runtime of its own: it does not end before its blocking threads do.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let Some(env) = runtime.block_on(make()) else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::File::create(folder.path().join("a.bin")).unwrap().set_len(3 << 30).unwrap();
    let start = Instant::now();
    runtime.block_on(run(env, async |env: &RuntimeEnv| {
        let tree = SourceTree::open(folder.path(), &SourceLimits::default()).unwrap();
        let context = context(&tree, &format!("FROM {IMAGE}\n"));
        let mut stream = env.runtime.build_image(&spec(env, Builder::Classic), context).await.unwrap();
        let first = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
        assert!(first.is_err(), "three gigabytes took no time: {first:?}");
    }));
    drop(runtime);
    println!("stopped after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
