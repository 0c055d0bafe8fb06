//! Commands and files inside a container.

use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use futures_util::StreamExt;
use std::time::Duration;

use super::{Docker, checked, error};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ExecOutput, ExecSpec};

const OPERATION: &str = "container.exec";
/// Output beyond this is read and dropped.
const OUTPUT_LIMIT: usize = 1 << 20;

impl Docker {
    pub(super) async fn run_inside(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutput> {
        let id = checked(OPERATION, id)?;
        let failed = |failure| error::engine(OPERATION, failure).with_context("container", id);
        if spec.command.is_empty() {
            return Err(Error::invalid(OPERATION, "there is no command to run"));
        }
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(spec.command.clone()),
            user: spec.user.map(|user| format!("{}:{}", user.uid, user.gid)),
            ..Default::default()
        };
        let exec = self.api.create_exec(id, config).await.map_err(failed)?.id;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        if let StartExecResults::Attached { mut output, .. } =
            self.api.start_exec(&exec, None).await.map_err(failed)?
        {
            while let Some(part) = output.next().await {
                let (stream, bytes) = match part.map_err(failed)? {
                    LogOutput::StdErr { message } => (&mut stderr, message),
                    LogOutput::StdOut { message }
                    | LogOutput::StdIn { message }
                    | LogOutput::Console { message } => (&mut stdout, message),
                };
                let room = OUTPUT_LIMIT - stream.len();
                stream.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(stdout), text(stderr));
        let exit_code = self.exit_code(&exec).await?;
        // The engine reports a program that it could not start as output, with the shells' exit codes for that.
        if matches!(exit_code, 126..=128) && stdout.starts_with("OCI runtime exec failed") {
            let error = error::known(OPERATION, &stdout).unwrap_or_else(|| {
                Error::invalid(OPERATION, "the program cannot be run").with_source(stdout)
            });
            return Err(error.with_context("container", id).with_context("program", &spec.command[0]));
        }
        Ok(ExecOutput { exit_code, stdout, stderr })
    }

    /// The output ends a moment before the engine knows the exit code.
    async fn exit_code(&self, exec: &str) -> Result<i64> {
        for wait in [0, 5, 20, 50, 100, 200, 500, 1000, 2000] {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let found =
                self.api.inspect_exec(exec).await.map_err(|failure| error::engine(OPERATION, failure))?;
            if let (Some(false), Some(code)) = (found.running, found.exit_code) {
                return Ok(code);
            }
        }
        Err(Error::new(ErrorKind::Timeout, OPERATION, "the command closed its output but goes on running"))
    }

    pub(super) async fn unpack_inside(&self, id: &str, path: &str, archive: Vec<u8>) -> Result<()> {
        let operation = "container.upload";
        let id = checked(operation, id)?;
        let options =
            UploadToContainerOptionsBuilder::default().path(path).no_overwrite_dir_non_dir("1").build();
        self.api.upload_to_container(id, Some(options), bollard::body_full(archive.into())).await.map_err(
            |failure| {
                error::engine(operation, failure)
                    .with_context("container", id)
                    .with_context("path", path.escape_default())
            },
        )
    }
}
