//! How often detection is right: small trees with the facts of real example applications.
//!
//! The trees in `tests/fixtures/corpus.json` are ours; what they are made of and what is expected of them are facts
//! about published example applications. Each fact that an entry scores is compared; the shares are bounded below.

mod score;

use std::collections::BTreeMap;

use byop_core::generator::{builtin, preview};
use byop_core::model::{AppSpec, Builder, Preview, Severity, Source, Target};
use byop_core::source::SourceTree;
use score::{Entry, Verdict, judge};

/// The facts that are bounded, with the least share in percent.
const BOUNDS: [(&str, f64); 5] =
    [("stack", 98.0), ("version", 95.0), ("package_manager", 95.0), ("start", 92.0), ("port", 92.0)];
/// The largest share of wrong answers that are given without a doubt, in percent.
const FALSE_CONFIDENT: f64 = 2.0;

fn entries() -> Vec<Entry> {
    serde_json::from_str(include_str!("../fixtures/corpus.json")).unwrap()
}

fn look(entry: &Entry) -> Option<Preview> {
    let tree = SourceTree::from_files(entry.files.iter().map(|(path, text)| (path, text.as_str()))).unwrap();
    let spec = AppSpec::new("demo", Source::Directory(".".into())).unwrap();
    preview(&builtin(), &tree, &spec, &Target::of(&spec, Builder::BuildKit)).ok()
}

/// Whether somebody would be told that the answer is in doubt.
fn is_doubted(found: &Preview) -> bool {
    found.detection.confidence < 0.5
        || found.plan.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

#[test]
fn the_facts_of_real_applications_are_found() {
    let entries = entries();
    let (mut shares, mut wrong) = (BTreeMap::<&str, (usize, usize)>::new(), Vec::new());
    let mut confident = 0;
    for entry in &entries {
        let found = look(entry);
        let mut is_wrong = false;
        for fact in &entry.scored {
            let Verdict { is_right, found: shown } = judge(entry, found.as_ref(), fact);
            let share = shares.entry(fact.as_str()).or_default();
            share.1 += 1;
            if is_right {
                share.0 += 1;
            } else {
                is_wrong |= matches!(fact.as_str(), "stack" | "start" | "static_dir" | "port");
                wrong.push(format!("{}: {fact} is {shown}, not {}", entry.id, entry.wanted(fact)));
            }
        }
        confident += usize::from(is_wrong && found.as_ref().is_some_and(|found| !is_doubted(found)));
    }
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
    let table: Vec<String> = shares
        .iter()
        .map(|(fact, (right, all))| format!("{fact}: {right}/{all} ({:.1} %)", percent(*right, *all)))
        .collect();
    let false_confident = percent(confident, entries.len());
    println!(
        "{} trees; {}; wrong without a doubt: {false_confident:.1} %\n{}",
        entries.len(),
        table.join(", "),
        wrong.join("\n")
    );
    for (fact, bound) in BOUNDS {
        let (right, all) = shares[fact];
        assert!(percent(right, all) >= bound, "{fact}: {right} of {all}\n{}", wrong.join("\n"));
    }
    assert!(false_confident <= FALSE_CONFIDENT, "{}", wrong.join("\n"));
}
