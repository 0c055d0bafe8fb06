//! This test program, started again as another process.

use std::future::Future;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const FILE: &str = "BYOP_TEST_STORE_OF_CHILD";
const WORD: &str = "said: ";

/// The file to work on, when this is the other process.
pub(super) fn file_of_child() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// A command that runs the test of that name on `path`, in another process; `wrapped` comes before the program.
pub(super) fn command(test: &str, path: &Path, wrapped: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match wrapped {
        [] => Command::new(&program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(&program);
            command
        }
    };
    command.args(["--exact", test, "--nocapture"]).env(FILE, path).stdout(Stdio::piped());
    command
}

/// What the other process says, line by line.
pub(super) struct Said(Lines<BufReader<ChildStdout>>);

impl Said {
    pub(super) fn of(child: &mut Child) -> Self {
        Self(BufReader::new(child.stdout.take().unwrap()).lines())
    }
}

impl Iterator for Said {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            let line = self.0.next()?.ok()?;
            // The harness writes the name of the test before the first line.
            if let Some((_, said)) = line.split_once(WORD) {
                return Some(said.to_owned());
            }
        }
    }
}

/// Tells the parent.
pub(super) fn say(what: impl std::fmt::Display) {
    println!("{WORD}{what}");
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
