//! Starts the example.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// Set for the processes that are the example.
pub const CHILD: &str = "BYOP_TEST_SERVERS";

/// The example with a state file of its own and nothing of this machine's environment but what is given.
pub struct Program {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    provider: &'static str,
    secrets: Vec<String>,
}

/// What a run said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Program {
    pub fn new(provider: &'static str, environment: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: environment.iter().map(own).collect(),
            provider,
            secrets: Vec::new(),
        }
    }

    /// What must never be said or written down.
    pub fn with_secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// A file for the program to read.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path.display().to_string()
    }

    pub fn lose_state(&self) {
        for file in std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path()) {
            if file.to_string_lossy().contains("state.db") {
                std::fs::remove_file(file).unwrap();
            }
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let state = self.folder.path().join("state.db");
        command
            .env_clear()
            .env(CHILD, "1")
            // As loud as can be: what must not be said must not be said there either.
            .env("RUST_LOG", "trace")
            .envs(self.environment.iter().cloned())
            .args(words)
            .args(["--provider", self.provider, "--state"])
            .arg(state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub fn run(&self, words: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let said = Said {
            code: status.code().unwrap_or(-1),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        self.look_for_secrets(&said);
        said
    }

    /// Runs what has to succeed, and gives what it said, one object a line.
    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Vec<Value> {
        let said = self.run(&[words, &["--json"]].concat());
        assert_eq!(said.code, 0, "{words:?}: {}\n{}", said.out, tail(&said.err));
        said.lines()
    }

    fn look_for_secrets(&self, said: &Said) {
        let mut places = vec![("what it said", said.out.clone().into_bytes())];
        places.push(("what it logged", said.err.clone().into_bytes()));
        for file in std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap()) {
            if file.file_name().to_string_lossy().starts_with("state.db") {
                places.push(("the state file", std::fs::read(file.path()).unwrap()));
            }
        }
        for (place, bytes) in places {
            for secret in &self.secrets {
                let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} is in {place}");
            }
        }
    }
}

impl Said {
    /// Each line of the output is an object.
    pub fn lines(&self) -> Vec<Value> {
        let line = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(value.is_object(), "{line}");
            value
        };
        self.out.lines().map(line).collect()
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
