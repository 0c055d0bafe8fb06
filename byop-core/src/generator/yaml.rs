//! YAML: a writer that quotes every text, and a reader behind a guard.
//!
//! The library behind the reader takes minutes for some texts of 300 KB, unrolls aliases without a bound worth the name,
//! and lets the last of two equal keys win. So a text is scanned in one pass before it gets there ([`guard`]), and
//! what comes out is counted ([`reader`]). All other modules read YAML through here.

mod guard;
mod outline;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use outline::Outline;
pub(crate) use reader::{Dialect, Document, Fault, read, read_as};
pub(crate) use writer::{write, write_ranked};
