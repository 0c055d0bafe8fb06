//! Error kinds that nobody gives would be promises that nobody keeps.

use crate::code::words;
use crate::tree::{File, assert_tidy, files};

const HOME: &str = "byop-core/src/error.rs";

/// Kinds that come with a later part, which takes them off this list.
const AWAITED: &[(&str, &str)] = &[];

fn kinds(home: &File) -> Vec<String> {
    let code = home.code();
    let body =
        code.split("pub enum ErrorKind {").nth(1).and_then(|rest| rest.split('}').next()).unwrap_or_default();
    words(body).map(str::to_owned).collect()
}

fn unused_kinds(files: &[File], awaited: &[(&str, &str)]) -> Vec<String> {
    let home = files.iter().find(|file| file.path == HOME).expect("the file of errors");
    let shorthand = [("InvalidInput", "Error::invalid("), ("NotFound", "Error::not_found(")];
    let codes: Vec<String> =
        files.iter().filter(|f| f.is_library() && f.path != HOME).map(File::code).collect();
    let is_given = |kind: &str| {
        let name = format!("ErrorKind::{kind}");
        codes.iter().any(|code| {
            code.match_indices(&name).any(|(at, _)| {
                let rest = &code[at + name.len()..];
                let is_whole = !rest.starts_with(|c: char| c.is_alphanumeric());
                // A pattern looks at a kind and does not give one.
                let is_pattern = rest.trim_start().starts_with("=>") || rest.trim_start().starts_with('|');
                is_whole && !is_pattern
            }) || shorthand.iter().any(|(of, call)| *of == kind && code.contains(call))
        })
    };
    let mut complaints = Vec::new();
    for kind in kinds(home) {
        let is_awaited = awaited.iter().any(|(name, _)| *name == kind);
        match (is_given(&kind), is_awaited) {
            (false, false) => complaints.push(format!("ErrorKind::{kind} is given nowhere")),
            (true, true) => complaints.push(format!("ErrorKind::{kind} is given now; take it off the list")),
            _ => {}
        }
    }
    complaints
}

#[test]
fn an_unused_kind_is_noticed() {
    let home = File::new(HOME, "pub enum ErrorKind {\n    /// Doc.\n    One,\n    Two,\n    Three,\n}\n");
    let code = "fn f() { Error::new(ErrorKind::One, x); match k { ErrorKind::Two => {} } }";
    let files = [home, File::new("byop-core/src/a.rs", code)];
    assert_eq!(unused_kinds(&files, &[]).len(), 2);
    assert_eq!(unused_kinds(&files, &[("Two", ""), ("Three", "")]).len(), 0);
    assert_eq!(unused_kinds(&files, &[("One", ""), ("Two", ""), ("Three", "")]).len(), 1);
}

#[test]
fn every_kind_is_found() {
    let all = files();
    let home = all.iter().find(|file| file.path == HOME).unwrap();
    assert_eq!(kinds(home).len(), byop_core::ErrorKind::ALL.len());
}

#[test]
fn every_error_kind_is_given_somewhere() {
    assert_tidy(&unused_kinds(&files(), AWAITED));
}
