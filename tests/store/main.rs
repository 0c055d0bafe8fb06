//! Stores on what they really stand on: files that fill up and break, servers that are killed.

mod postgres;
mod sqlite;
mod support;
