//! Volumes and their owners.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{ContainerSpec, MountSpec, UserSpec};
use crate::runtime::ContainerRuntime;

/// A new volume belongs to root; the app's user has to be able to write to it. An archive unpacked into a container
/// that is never started gives the folders their owner: no process runs as root for it.
pub(super) async fn give_to(
    runtime: &dyn ContainerRuntime,
    user: Option<UserSpec>,
    spec: &ContainerSpec,
) -> Result<()> {
    let Some(user) = user.filter(|_| !spec.mounts.is_empty()) else { return Ok(()) };
    let name = format!("{}-volumes", spec.name);
    let mut holder = ContainerSpec::new(&name, &spec.image);
    holder.labels.clone_from(&spec.labels);
    holder.writable_root = true;
    let folders: Vec<String> = (0..spec.mounts.len()).map(|number| format!("byop-volume-{number}")).collect();
    for (mount, folder) in spec.mounts.iter().zip(&folders) {
        holder.mounts.push(MountSpec { path: format!("/{folder}"), ..mount.clone() });
    }
    let archive = folders_owned_by(user, &folders)
        .map_err(|error| Error::new(ErrorKind::Internal, "volume.chown", "cannot pack").with_source(error))?;
    runtime.create_container(&holder).await?;
    let given = runtime.upload(&name, "/", archive).await;
    runtime.remove_container(&name).await?;
    given
}

/// An archive of empty folders.
fn folders_owned_by(user: UserSpec, folders: &[String]) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for folder in folders {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_path(format!("{folder}/"))?;
        header.set_mode(0o755);
        header.set_uid(user.uid.into());
        header.set_gid(user.gid.into());
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, std::io::empty())?;
    }
    builder.into_inner()
}
