//! What the user typed, as a source; and the base images that a preview names.

use std::collections::BTreeSet;
use std::path::Path;

use byop_core::model::{Archive, GitSource, Preview, Source};

/// A folder if there is one (a bare repository is a Git source), an archive by its ending, else a Git URL (with `#branch` for a branch, tag or commit).
pub fn parse(text: &str) -> Source {
    let path = Path::new(text);
    let is_repository = path.join("HEAD").is_file() && path.join("objects").is_dir();
    if path.is_dir() && !is_repository {
        return Source::Directory(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    }
    let is_archive = [".tar", ".tar.gz", ".tgz", ".zip"].iter().any(|ending| text.ends_with(ending));
    if is_archive && !text.contains("://") {
        return Source::Archive(Archive { path: path.to_owned() });
    }
    let (url, reference) = match text.split_once('#') {
        Some((url, reference)) => (url, Some(reference.to_owned())),
        None => (text, None),
    };
    Source::Git(GitSource { reference, ..GitSource::new(url) })
}

/// The last part of the source as the name of an app: letters, digits and single hyphens.
pub fn name_of(source: &str) -> String {
    let source = source.split('#').next().unwrap_or(source).trim_end_matches('/');
    let full =
        Path::new(source).canonicalize().map_or_else(|_| source.to_owned(), |p| p.display().to_string());
    let last = full.rsplit(['/', ':']).next().unwrap_or("app");
    let stem = [".git", ".tar.gz", ".tgz", ".tar", ".zip"]
        .iter()
        .find_map(|end| last.strip_suffix(end))
        .unwrap_or(last);
    let words: Vec<String> = stem
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name: String = words.join("-").chars().take(40).collect();
    if name.is_empty() { "app".into() } else { name.trim_end_matches('-').into() }
}

/// What the Dockerfile is built from: its `FROM` and `COPY --from` images that are no stages of its own.
pub fn base_images(preview: &Preview) -> BTreeSet<String> {
    let name = preview.plan.dockerfile.as_deref().unwrap_or("Dockerfile");
    let text = preview.files.get(name).unwrap_or_default();
    let mut stages = BTreeSet::new();
    let mut images = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            [from, image, rest @ ..] if from.eq_ignore_ascii_case("FROM") => {
                images.insert((*image).to_owned());
                if let [_, stage] = rest {
                    stages.insert((*stage).to_owned());
                }
            }
            [copy, from, ..] if copy.eq_ignore_ascii_case("COPY") => {
                images.extend(from.strip_prefix("--from=").map(str::to_owned));
            }
            _ => {}
        }
    }
    images.retain(|image| !stages.contains(image) && image != "scratch" && !image.contains('$'));
    images
}
