//! Logs that only a real process can write.

use byop_core::model::{ContainerSpec, LogOptions};
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::runtime_suite::{Program, RuntimeEnv, run};
use futures_util::TryStreamExt;

use crate::support::make;

fn script(env: &RuntimeEnv, script: &str) -> ContainerSpec {
    let mut spec = env.spec("a", &Program::Worker);
    spec.command = Some(["sh", "-c", script].map(String::from).to_vec());
    spec
}

async fn texts(runtime: &dyn ContainerRuntime, id: &str, options: &LogOptions) -> Vec<String> {
    let lines: Vec<_> = runtime.logs(id, options).await.unwrap().try_collect().await.unwrap();
    lines.into_iter().map(|line| line.text).collect()
}

#[tokio::test]
async fn a_last_line_without_a_line_end_is_not_lost() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let id = env.start(&script(env, "echo one; sleep 0.3; printf two; sleep 0.3")).await;
        let followed = texts(&*env.runtime, &id, &LogOptions::all().with_follow()).await;
        assert_eq!(followed, ["one", "two"]);
        assert_eq!(texts(&*env.runtime, &id, &LogOptions::tail(1)).await, ["two"]);
    })
    .await;
}

#[tokio::test]
async fn a_long_line_is_one_line_and_a_very_long_one_is_cut() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let long = |length: u32| format!("head -c {length} /dev/zero | tr '\\0' x; echo; ");
        let id = env.start(&script(env, &(long(100_000) + &long(1_500_000) + "echo end"))).await;
        env.ended(&id).await;
        let lengths: Vec<_> =
            texts(&*env.runtime, &id, &LogOptions::all()).await.iter().map(String::len).collect();
        assert_eq!(lengths, [100_000, 1 << 20, 3]);
    })
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_text_do_not_end_the_log() {
    let Some(env) = make().await else { return };
    run(env, async |env: &RuntimeEnv| {
        let id = env.start(&script(env, "printf '\\377\\376\\n'; printf 'a\\r\\n'; echo; echo end")).await;
        env.ended(&id).await;
        assert_eq!(texts(&*env.runtime, &id, &LogOptions::all()).await, ["\u{fffd}\u{fffd}", "a", "", "end"]);
    })
    .await;
}
