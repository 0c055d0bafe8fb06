//! What the README shows is what compiles.

const README: &str = include_str!("../../README.md");
const PROGRAM: &str = include_str!("../../examples/embed.rs");

#[test]
fn the_program_in_the_readme_is_the_example() {
    let (_, program) = PROGRAM.split_once("\n\n").unwrap();
    assert!(README.contains(&format!("```rust\n{program}```")), "copy examples/embed.rs into README.md");
}
