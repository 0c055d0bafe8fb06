//! Components that a test needs and a machine may lack.

use std::error::Error;

/// The component that a test needs, or `None` after printing `SKIPPED test: why`.
///
/// # Panics
/// When the component is missing and the environment variable `BYOP_REQUIRE` (names, separated by commas)
/// contains `component`: then a skipped test is a failed one.
#[allow(clippy::panic)]
pub fn require<T, E: Error>(component: &str, found: Result<T, E>) -> Option<T> {
    let why = match found {
        Ok(found) => return Some(found),
        Err(error) => reasons(&error),
    };
    let required = std::env::var("BYOP_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == component),
        "{component} is required (BYOP_REQUIRE={required}), but: {why}"
    );
    skipped(&why);
    None
}

/// Says that the test of this thread is skipped.
#[allow(clippy::print_stdout)]
pub(super) fn skipped(why: &str) {
    let thread = std::thread::current();
    println!("SKIPPED {}: {why}", thread.name().unwrap_or("test"));
}

/// An error and what caused it, in one line.
fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
