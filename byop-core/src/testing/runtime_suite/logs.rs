//! Logs.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};

use super::{Program, RuntimeEnv};
use crate::error::ErrorKind;
use crate::model::{LogLine, LogOptions, LogStream};

async fn read(env: &RuntimeEnv, id: &str, options: &LogOptions) -> Vec<LogLine> {
    let lines = env.runtime.logs(id, options).await.unwrap().try_collect();
    tokio::time::timeout(Duration::from_secs(20), lines).await.expect("the log ends").unwrap()
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn numbers(count: u32) -> Program {
    Program::Print((1..=count).map(|number| (LogStream::Stdout, number.to_string())).collect())
}

/// With the container's name and rising cursors.
pub async fn lines_come_in_order_and_with_their_stream(env: &RuntimeEnv) {
    let said = [(LogStream::Stdout, "one"), (LogStream::Stderr, "two"), (LogStream::Stdout, "  three ")];
    let id = env
        .started("a", &Program::Print(said.map(|(stream, text)| (stream, text.to_owned())).to_vec()))
        .await;
    env.ended(&id).await;
    let lines = read(env, &id, &LogOptions::all()).await;
    let got: Vec<_> = lines.iter().map(|line| (line.stream, line.text.as_str())).collect();
    assert_eq!(got, said);
    assert!(lines.iter().all(|line| line.container == env.name("a") && line.time.0 > 0));
    assert!(lines.is_sorted_by(|a, b| a.cursor < b.cursor));
}

/// The last ones, oldest first.
pub async fn the_tail_is_the_last_lines(env: &RuntimeEnv) {
    let id = env.started("a", &numbers(5)).await;
    env.ended(&id).await;
    assert_eq!(texts(&read(env, &id, &LogOptions::tail(2)).await), ["4", "5"]);
    assert_eq!(read(env, &id, &LogOptions::tail(9)).await.len(), 5);
}

/// No line twice, none left out.
pub async fn reading_goes_on_after_a_cursor(env: &RuntimeEnv) {
    let id = env.started("a", &numbers(5)).await;
    env.ended(&id).await;
    let lines = read(env, &id, &LogOptions::all()).await;
    for (index, line) in lines.iter().enumerate() {
        let rest = read(env, &id, &LogOptions::all().with_after(line.cursor)).await;
        assert_eq!(rest, lines[index + 1..]);
    }
    let late = read(env, &id, &LogOptions::all().with_since(lines[4].time)).await;
    assert_eq!(late, []);
}

/// Having given all of its lines.
pub async fn a_followed_log_ends_with_the_container(env: &RuntimeEnv) {
    let id = env.started("a", &numbers(4)).await;
    let lines = read(env, &id, &LogOptions::all().with_follow()).await;
    assert_eq!(texts(&lines), ["1", "2", "3", "4"]);
}

/// While the program runs.
pub async fn a_followed_log_gives_lines_as_they_come(env: &RuntimeEnv) {
    let program = Program::PrintAndStay(vec!["one".into(), "two".into()]);
    let id = env.started("a", &program).await;
    let lines = env
        .runtime
        .logs(&id, &LogOptions::all().with_follow())
        .await
        .unwrap()
        .take(2)
        .try_collect::<Vec<_>>();
    let lines = tokio::time::timeout(Duration::from_secs(20), lines).await.expect("lines come").unwrap();
    assert_eq!(texts(&lines), ["one", "two"]);
}

/// `NotFound`, from the call itself.
pub async fn logs_of_a_missing_container_are_not_found(env: &RuntimeEnv) {
    let error = env.runtime.logs(&env.name("missing"), &LogOptions::all()).await.err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}
