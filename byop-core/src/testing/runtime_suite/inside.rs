//! Commands and files inside a container.

use super::{Program, RuntimeEnv};
use crate::error::ErrorKind;
use crate::model::{ExecSpec, UserSpec};
use crate::secret::Secret;

fn archive(name: &str, text: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    archive.into_inner().unwrap()
}

/// Output without the shell's help, exit code 0.
pub async fn a_command_gives_its_output_and_exit_code(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    let output = env.runtime.exec(&id, &ExecSpec::new(["echo", "$HOME;", "a  b"])).await.unwrap();
    assert_eq!((output.exit_code, output.stdout.as_str(), output.stderr.as_str()), (0, "$HOME; a  b\n", ""));
    let output = env.runtime.exec(&id, &ExecSpec::new(["sh", "-c", "exit 3"])).await.unwrap();
    assert_eq!(output.exit_code, 3);
}

/// Failing is no error, and its streams are kept apart.
pub async fn a_command_that_fails_gives_its_error_output(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    let output = env.runtime.exec(&id, &ExecSpec::new(["cat", "/missing"])).await.unwrap();
    assert_eq!((output.exit_code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.contains("/missing"), "{output:?}");
}

/// `Conflict`.
pub async fn a_command_in_a_stopped_container_is_a_conflict(env: &RuntimeEnv) {
    let id = env.runtime.create_container(&env.spec("a", &Program::Worker)).await.unwrap();
    let error = env.runtime.exec(&id, &ExecSpec::new(["true"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
}

/// `NotFound`.
pub async fn a_command_in_a_missing_container_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.exec(&env.name("missing"), &ExecSpec::new(["true"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// `InvalidInput`.
pub async fn a_command_that_the_image_lacks_is_refused(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    let error = env.runtime.exec(&id, &ExecSpec::new(["no-such-program"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
}

/// By number.
pub async fn a_command_runs_as_the_user_it_names(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.user = Some(UserSpec { uid: 1000, gid: 1000 });
    let id = env.start(&spec).await;
    let mut command = ExecSpec::new(["id", "-u"]);
    assert_eq!(env.runtime.exec(&id, &command).await.unwrap().stdout, "1000\n");
    command.user = Some(UserSpec { uid: 1234, gid: 1234 });
    assert_eq!(env.runtime.exec(&id, &command).await.unwrap().stdout, "1234\n");
}

/// Whatever is in a value.
pub async fn the_environment_reaches_the_program(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    let value = "a=b 'c' \"d\" $E\\ ü";
    spec.env.insert("GREETING".into(), Secret::new(value));
    let id = env.start(&spec).await;
    let output = env.runtime.exec(&id, &ExecSpec::new(["env"])).await.unwrap();
    let got = output.stdout.lines().find_map(|line| line.strip_prefix("GREETING="));
    assert_eq!(got, Some(value));
}

/// Before the start as well.
pub async fn an_uploaded_file_can_be_read(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.writable_root = true;
    let id = env.runtime.create_container(&spec).await.unwrap();
    env.runtime.upload(&id, "/etc", archive("byop.conf", "one")).await.unwrap();
    env.runtime.start_container(&id).await.unwrap();
    let read = async |path: &str| env.runtime.exec(&id, &ExecSpec::new(["cat", path])).await.unwrap().stdout;
    assert_eq!(read("/etc/byop.conf").await, "one");
    env.runtime.upload(&id, "/etc", archive("byop.conf", "two")).await.unwrap();
    assert_eq!(read("/etc/byop.conf").await, "two");
}

/// `NotFound`, for the container too.
pub async fn uploading_into_a_missing_folder_is_not_found(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Worker);
    spec.writable_root = true;
    let id = env.runtime.create_container(&spec).await.unwrap();
    let error = env.runtime.upload(&id, "/no/such/folder", archive("a", "")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = env.runtime.upload(&env.name("missing"), "/etc", archive("a", "")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// `PermissionDenied`.
pub async fn uploading_into_a_read_only_root_is_denied(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    let error = env.runtime.upload(&id, "/etc", archive("a", "")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
}
