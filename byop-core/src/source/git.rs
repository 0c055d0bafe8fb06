//! Git repositories, through the installed git program: one hardened wrapper, and no checkout. The commit is fetched
//! into a bare repository beside the tree and comes out as a tar stream, which is unpacked like any that a stranger
//! wrote. So nothing of the repository runs: no hook, filter, submodule or configuration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::access::Access;
use self::address::{Address, check_reference, is_commit};
use self::program::{Program, Watch};
use super::{Fetched, SourceTree, Stop, archive, blocking, checked, fresh, path};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{GitSource, SourceLimits};
use crate::secret::SecretSource;

mod access;
mod address;
mod host;
mod listing;
mod program;
mod refusal;

const OPERATION: &str = "source.fetch";
const ASK_TIMEOUT: Duration = Duration::from_secs(60);
const FETCH_TIMEOUT: Duration = Duration::from_secs(600);
/// Where the fetched commit is kept.
const KEPT: &str = "refs/byop/source";

pub(super) async fn fetch(
    source: &GitSource,
    work: PathBuf,
    limits: &SourceLimits,
    secrets: &dyn SecretSource,
) -> Result<Fetched> {
    let address = Address::parse(&source.url)?;
    let named = |error: Error| error.with_context("repository", address.shown());
    if let Some(reference) = &source.reference {
        check_reference(reference).map_err(named)?;
    }
    let access = Access::gather(source, &address, secrets).await.map_err(named)?;
    let pins = host::check(&address, limits.allow_private_hosts).await.map_err(named)?;
    let into = blocking({
        let work = work.clone();
        move |_| fresh(&work)
    });
    let into = into.await?;
    let program = Program::prepare(&work.join("git"), &address, &pins, &access)?;
    let reference = source.reference.as_deref();
    let done = take(&program, &address, reference, &into, limits, &access).await;
    // Removes what git had.
    drop(program);
    done.map_err(named)
}

async fn take(
    program: &Program,
    address: &Address,
    reference: Option<&str>,
    into: &Path,
    limits: &SourceLimits,
    access: &Access,
) -> Result<Fetched> {
    let run = async |arguments: &[&str], timeout, watch| {
        program.run(arguments, timeout, watch).await?.success(access.hidden(), reference)
    };
    run(&["init", "--quiet", "--bare", "--template=", "."], ASK_TIMEOUT, None).await?;
    program.ignore_attributes()?;
    let wanted = match reference {
        Some(commit) if is_commit(commit) => commit.to_owned(),
        _ => {
            let names = candidates(reference);
            let mut arguments = vec!["ls-remote", "--quiet", "--", address.as_str()];
            arguments.extend(names.iter().map(String::as_str));
            let listed = run(&arguments, ASK_TIMEOUT, None).await?;
            choose(&names, &listed).ok_or_else(|| missing(reference))?
        }
    };
    let refspec = format!("+{wanted}:{KEPT}");
    let fetch = [
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--",
        address.as_str(),
        &refspec,
    ];
    // What is packed tighter than this is a bomb anyway, and is stopped when it is unpacked.
    let watch = Watch { bytes: limits.bytes };
    run(&fetch, FETCH_TIMEOUT, Some(watch)).await?;
    let commit = run(&["rev-parse", "--verify", &format!("{KEPT}^{{commit}}")], ASK_TIMEOUT, None).await?;
    let commit = commit.trim().to_owned();
    let listing = program.blocking_command(&["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", &commit]);
    let archive = program.blocking_command(&["archive", "--format=tar", &commit]);
    let (into, limits) = (into.to_owned(), limits.clone());
    let tree = blocking(move |stop| {
        listing::check(listing, &limits)?;
        unpack(archive, &into, &limits, stop)?;
        checked(&into, &into, &limits)
    });
    let tree = tree.await?;
    warn_of_large_files(&tree);
    Ok(Fetched { tree, revision: Some(commit) })
}

/// The full names that a reference can mean, the first that exists counts: as `git clone --branch`.
fn candidates(reference: Option<&str>) -> Vec<String> {
    match reference {
        None => vec!["HEAD".to_owned()],
        Some(full) if full.starts_with("refs/") => vec![full.to_owned()],
        Some(short) => vec![format!("refs/heads/{short}"), format!("refs/tags/{short}")],
    }
}

/// Lines are `<id>\t<name>`; patterns match the end of names, so that others can be there too.
fn choose(names: &[String], listed: &str) -> Option<String> {
    let has = |name: &str| listed.lines().any(|line| line.split('\t').nth(1) == Some(name));
    names.iter().find(|name| has(name)).cloned()
}

fn missing(reference: Option<&str>) -> Error {
    match reference {
        None => Error::not_found(OPERATION, "the repository has no commits on its default branch"),
        Some(reference) => Error::not_found(OPERATION, "the repository has no such branch or tag")
            .with_context("reference", reference)
            .with_remedy("check the name; a commit needs its full id of 40 digits"),
    }
}

/// Files that are kept elsewhere are not fetched: what is in the tree is a note of where they are.
fn warn_of_large_files(tree: &SourceTree) {
    for path in tree.files_below("").filter(|path| path::name(path) == ".gitattributes") {
        if tree.read_text(path).is_ok_and(|text| text.is_some_and(|text| text.contains("filter=lfs"))) {
            tracing::warn!(path, "the repository keeps files in Git LFS; they are not fetched");
        }
    }
}

fn unpack(mut archive: std::process::Command, into: &Path, limits: &SourceLimits, stop: &Stop) -> Result<()> {
    let mut child = archive.spawn().map_err(program::not_started)?;
    let done = match child.stdout.take() {
        Some(output) => archive::unpack_stream(output, into, limits, stop),
        None => Err(Error::new(ErrorKind::Internal, OPERATION, "git has no output")),
    };
    if done.is_err() {
        // It may have ended by itself; then there is nothing to kill.
        let _ = child.kill();
    }
    let status = child.wait();
    done?;
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => {
            let _ = std::fs::remove_dir_all(into);
            Err(Error::new(ErrorKind::Unavailable, OPERATION, "git could not write out the commit"))
        }
    }
}

#[cfg(test)]
mod tests;
