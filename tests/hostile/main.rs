//! Malformed and malicious input, end to end: each is refused with an error that says what is wrong with it, and nothing
//! happens outside the folders that are byop's.

mod archives;
mod contents;
mod folders;
mod git;
mod injection;
mod spec;
mod support;
