use std::time::{Duration, Instant};

use super::*;

fn is_excluded(text: &str, path: &str) -> bool {
    let patterns = Patterns::parse(text).unwrap();
    let mut verdict: Option<Verdict> = None;
    for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
        verdict = Some(patterns.judge(&path[..end], verdict.as_ref()));
    }
    verdict.unwrap().is_excluded
}

fn check(text: &str, excluded: &[&str], included: &[&str]) {
    for path in excluded {
        assert!(is_excluded(text, path), "{path} is not excluded by {text:?}");
    }
    for path in included {
        assert!(!is_excluded(text, path), "{path} is excluded by {text:?}");
    }
}

#[test]
fn the_documented_examples_mean_what_the_documentation_says() {
    check("# comment\n*/temp*\n", &["somedir/temporary.txt", "somedir/temp"], &["temp", "a/b/temp"]);
    check("*/*/temp*", &["somedir/subdir/temporary.txt"], &["somedir/temporary.txt"]);
    check("temp?", &["tempa", "tempb"], &["temp", "tempab", "a/tempa"]);
    check("**/*.go", &["a.go", "x/a.go", "x/y/z/a.go"], &["a.gox"]);
    check("*.md\n!README.md", &["other.md"], &["README.md", "sub/other.md"]);
    check("*.md\n!README*.md\nREADME-secret.md", &["README-secret.md", "x.md"], &["README.md"]);
    check("*.md\nREADME-secret.md\n!README*.md", &["x.md"], &["README.md", "README-secret.md"]);
}

#[test]
fn patterns_are_anchored_at_the_root() {
    check("foo", &["foo", "foo/a", "foo/a/b"], &["a/foo", "foobar"]);
    check("/foo/bar", &["foo/bar"], &["bar", "a/foo/bar"]);
    check("foo/bar/", &["foo/bar", "foo/bar/x"], &["foo", "foo/barx"]);
    check("./foo/../bar", &["bar"], &["foo"]);
}

#[test]
fn two_stars_cross_any_number_of_folders() {
    check("**/node_modules", &["node_modules", "a/node_modules/x", "a/b/node_modules"], &["my_node_modules"]);
    check("foo/**", &["foo/a", "foo/a/b"], &["foo", "foobar"]);
    check("foo/**/bar", &["foo/bar", "foo/a/bar", "foo/a/b/bar"], &["foobar", "foo/abar"]);
    check("a**/b", &["ab", "axx/b", "a/x/b"], &["axb"]);
    check("**", &["a", "a/b"], &[]);
    check("**/", &["a", "a/b"], &[]);
}

#[test]
fn everything_but_some_is_said_with_exceptions() {
    check("*\n!src\n!package.json", &["a", "lib/x"], &["src", "src/a/b", "package.json"]);
    check("*\n!src/keep\n", &["src/other", "src"], &["src/keep", "src/keep/x"]);
    check("src\n!src/keep\nsrc/keep/not", &["src/keep/not"], &["src/keep/x"]);
}

#[test]
fn classes_ranges_and_escapes_work_as_in_go() {
    check("[a-c]x", &["ax", "cx"], &["dx", "[a-c]x"]);
    check("[^a-c]x", &["dx"], &["ax"]);
    check("[!a]x", &["ax", "!x"], &["bx"]);
    check("\\*x", &["*x"], &["ax"]);
    check("a[\\]]b", &["a]b"], &["ab"]);
    check("a.b$(c)+", &["a.b$(c)+"], &["axb$(c)+"]);
}

#[test]
fn comments_blank_lines_spaces_and_a_byte_order_mark_are_handled() {
    check("\u{feff}# x\n\n   \n  foo  \n! keep\n.\n", &["foo"], &["# x", "keep", "a"]);
    check(" # not a comment", &["# not a comment"], &["x"]);
    check("foo\r\nbar\r\n", &["foo", "bar"], &[]);
}

#[test]
fn a_bad_pattern_is_refused_with_its_line() {
    for (text, line) in
        [("a\n!", "2"), ("[a", "1"), ("\n\na\\", "3"), ("[z-a]", "1"), ("[]", "1"), ("[a-", "1")]
    {
        let error = Patterns::parse(text).unwrap_err();
        assert_eq!(error.context("line"), Some(line), "{text:?}");
        assert_eq!(error.context("file"), Some(".dockerignore"));
    }
}

#[test]
fn too_many_patterns_are_refused() {
    let error = Patterns::parse(&"a\n".repeat(3_000)).unwrap_err();
    assert!(error.message().contains("more than 2000"));
}

#[test]
fn a_pattern_full_of_stars_takes_no_time() {
    let start = Instant::now();
    assert!(!is_excluded(&format!("{}[b]", "**/*a*".repeat(40)), &"a".repeat(4_000)));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_exception_is_by_name_only_when_its_last_part_is_more_than_wildcards() {
    let direct = |text: &str, path: &str| Patterns::parse(text).unwrap().judge(path, None).direct;
    assert_eq!(direct("!*.pem", "a.pem"), Some(Direct::IncludedByName));
    assert_eq!(direct("!certs/ca.pem", "certs/ca.pem"), Some(Direct::IncludedByName));
    assert_eq!(direct("!**", "a.pem"), Some(Direct::Included));
    assert_eq!(direct("!certs/*", "certs/ca.pem"), Some(Direct::Included));
    assert_eq!(direct("!certs", "certs/ca.pem"), None);
}
