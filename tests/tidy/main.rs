//! The house rules, as ordinary tests. Each check is a function from files to complaints, tried on a small bad
//! input first and on the project then.

mod code;
mod dependencies;
mod direction;
mod errors;
mod homes;
mod layout;
mod licences;
mod migrations;
mod readme;
mod tree;
mod words;
