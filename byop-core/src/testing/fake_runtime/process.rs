//! Commands and files inside fake containers.

use std::io::Read;

use super::container::Container;
use super::missing;
use super::state::{Files, State};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ExecOutput, UserSpec};

/// Where a path leads.
enum Place {
    Root,
    Memory,
    Volume { name: String, read_only: bool },
}

impl State {
    /// Runs one of the few commands that fake containers know.
    pub(super) fn exec(&mut self, id: &str, argv: &[String], user: Option<UserSpec>) -> Result<ExecOutput> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let ok = |text: String| ExecOutput { exit_code: 0, stdout: text, stderr: String::new() };
        let failed = |code, text: String| ExecOutput { exit_code: code, stdout: String::new(), stderr: text };
        let Some(container) = self.containers.get(id) else {
            return Err(missing("container.exec", "container", id));
        };
        Ok(match words[..] {
            ["true"] => ok(String::new()),
            ["false"] => failed(1, String::new()),
            ["echo", ref rest @ ..] => ok(format!("{}\n", rest.join(" "))),
            ["sh", "-c", script] => match script.strip_prefix("exit ").and_then(|code| code.parse().ok()) {
                Some(code) => failed(code, String::new()),
                None => failed(2, format!("sh: a fake container cannot run: {script}\n")),
            },
            ["env"] => {
                let variables = container.spec.env.iter();
                ok(variables.map(|(name, value)| format!("{name}={}\n", value.expose())).collect())
            }
            ["id", "-u"] => ok(format!("{}\n", user.or(container.spec.user).map_or(0, |user| user.uid))),
            ["cat", "/proc/self/status"] => ok(status(container)),
            ["cat", path] => match self.read(container, path) {
                Some(bytes) => ok(String::from_utf8_lossy(bytes).into_owned()),
                None => failed(1, format!("cat: can't open '{path}': No such file or directory\n")),
            },
            ["touch", path] => match self.write(id, path, Vec::new()) {
                Ok(()) => ok(String::new()),
                Err(reason) => failed(1, format!("touch: {path}: {reason}\n")),
            },
            ["wget", .., url] => match self.fetch(container, url) {
                Some(text) => ok(text),
                None => failed(1, format!("wget: can't connect to {url}\n")),
            },
            _ => {
                let program = words.first().copied().unwrap_or_default();
                return Err(Error::invalid("container.exec", "executable file not found")
                    .with_context("program", program.escape_default()));
            }
        })
    }

    fn place(container: &Container, path: &str) -> Place {
        let inside = |folder: &str| {
            path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(mount) = container.spec.mounts.iter().find(|mount| inside(&mount.path)) {
            return Place::Volume { name: mount.volume.clone(), read_only: mount.read_only };
        }
        if container.spec.tmpfs.keys().any(|folder| inside(folder)) { Place::Memory } else { Place::Root }
    }

    /// The key of a file in its place: volumes are seen at different paths by different containers.
    fn key(container: &Container, path: &str) -> String {
        let mounts = container.spec.mounts.iter();
        mounts.filter_map(|mount| path.strip_prefix(&mount.path)).next().unwrap_or(path).to_owned()
    }

    fn read<'a>(&'a self, container: &'a Container, path: &str) -> Option<&'a Vec<u8>> {
        let key = Self::key(container, path);
        match Self::place(container, path) {
            Place::Root => container.root.get(&key),
            Place::Memory => container.memory.get(&key),
            Place::Volume { name, .. } => self.volumes.get(&name)?.files.get(&key),
        }
    }

    fn write(&mut self, id: &str, path: &str, bytes: Vec<u8>) -> std::result::Result<(), &'static str> {
        let container = self.containers.get(id).ok_or("No such container")?;
        let (place, key, writable) =
            (Self::place(container, path), Self::key(container, path), container.spec.writable_root);
        let files: Option<&mut Files> = match place {
            Place::Root if !writable => return Err("Read-only file system"),
            Place::Volume { read_only: true, .. } => return Err("Read-only file system"),
            Place::Root => self.containers.get_mut(id).map(|container| &mut container.root),
            Place::Memory => self.containers.get_mut(id).map(|container| &mut container.memory),
            Place::Volume { name, .. } => self.volumes.get_mut(&name).map(|volume| &mut volume.files),
        };
        files.ok_or("No such file or directory")?.insert(key, bytes);
        Ok(())
    }

    pub(super) fn upload(&mut self, id: &str, path: &str, archive: &[u8]) -> Result<()> {
        let operation = "container.upload";
        let container = self.find(id).ok_or_else(|| missing(operation, "container", id))?;
        let id = container.id.clone();
        let usual = ["/", "/app", "/bin", "/etc", "/home", "/tmp", "/usr", "/var"].contains(&path);
        if !usual && matches!(Self::place(container, path), Place::Root) {
            return Err(missing(operation, "folder", path));
        }
        let broken = |error: std::io::Error| {
            Error::invalid(operation, "the archive cannot be read").with_source(error)
        };
        for entry in tar::Archive::new(archive).entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            let file = format!("{}/{name}", path.trim_end_matches('/'));
            self.write(&id, &file, bytes).map_err(|reason| {
                Error::new(ErrorKind::PermissionDenied, operation, reason).with_context("path", file)
            })?;
        }
        Ok(())
    }

    /// What a request from inside a container is answered.
    fn fetch(&self, from: &Container, url: &str) -> Option<String> {
        let (host, port) = url.strip_prefix("http://")?.split('/').next()?.split_once(':')?;
        let port = port.parse().ok()?;
        let from = self.owner(from);
        let local = ["127.0.0.1", "localhost"].contains(&host);
        self.containers.values().find_map(|other| {
            let owner = self.owner(other);
            let named = owner.spec.name == host || owner.spec.aliases.iter().any(|alias| alias == host);
            let meets = owner.networks.keys().any(|network| from.networks.contains_key(network));
            let reachable = if local { owner.id == from.id } else { named && meets };
            if reachable { other.answer(port) } else { None }
        })
    }

    /// The container whose network this one is in.
    fn owner<'a>(&'a self, container: &'a Container) -> &'a Container {
        container.spec.share_network_with.as_ref().and_then(|other| self.find(other)).unwrap_or(container)
    }
}

fn status(container: &Container) -> String {
    let caps = u64::from(!container.spec.capabilities.is_empty());
    format!("Name:\tcat\nCapEff:\t{caps:016x}\nNoNewPrivs:\t1\n")
}
