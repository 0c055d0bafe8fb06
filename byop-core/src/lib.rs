//! byop: everything between a source tree and a running web application, as a library.
//!
//! # The way through
//!
//! Data flows one way: **source → detection → plan → files → image → release → route**. Each of these is a plain
//! struct in [`model`], so a program can show it, store it, or hand it to another language as JSON.
//!
//! The first half is pure. [`generator::preview`] reads a [`source::SourceTree`] and gives a detection with its
//! evidence, a plan and the files; it touches nothing:
//!
//! ```
//! use byop_core::generator::{builtin, preview};
//! use byop_core::model::{AppSpec, Builder, Source, Target};
//! use byop_core::source::SourceTree;
//!
//! let tree = SourceTree::from_files([
//!     ("package.json", r#"{"scripts": {"start": "node server.js"}}"#),
//!     ("server.js", "require('http').createServer().listen(3000)"),
//! ])?;
//! let spec = AppSpec::new("shop", Source::Directory(".".into()))?;
//! let preview = preview(&builtin(), &tree, &spec, &Target::of(&spec, Builder::BuildKit))?;
//! assert_eq!(preview.plan.start.as_deref(), Some("node server.js"));
//! assert!(preview.files.get("Dockerfile").unwrap().contains("USER 10001:10001"));
//! # Ok::<(), byop_core::Error>(())
//! ```
//!
//! The second half has effects. [`engine::Engine`] runs it as a *job* of recorded steps ([`stage`]): look for the
//! recorded answer, else do it under a key that makes doing it twice harmless, then record the answer.
//!
//! # The ports
//!
//! The world is reached through traits, each with its contract in the documentation of its methods:
//!
//! | Trait | Built in |
//! | --- | --- |
//! | [`generator::Generator`]: a technology stack | own Dockerfile, own compose file, and some thirty stacks ([`generator::builtin`]) |
//! | [`runtime::ContainerRuntime`]: a container engine | `docker::Docker` (feature `docker`) |
//! | [`ingress::Ingress`]: a reverse proxy | `ingress::Traefik` (feature `docker`) |
//! | [`store::Store`]: durable state | [`store::MemoryStore`], `store::SqliteStore` (feature `sqlite`) |
//! | [`SecretSource`]: where secrets come from | [`secret::MemorySecrets`] |
//! | [`cloud::CloudProvider`]: where servers come from | `cloud::DockerCloud` (feature `docker`); vendors in byop-cloud; `testing::FakeCloud` (feature `testing`) |
//! | [`cloud::DnsProvider`]: name servers | vendors in byop-cloud; `testing::FakeCloud` |
//!
//! Who implements one runs its behaviour suite from `testing` (feature `testing`).
//!
//! # Errors
//!
//! Every fallible call gives an [`Error`]: a kind to react to, the operation, facts as context, whether trying again
//! can help, and what to do about it. [`Error::report`] is the same as plain data.
//!
//! # A good guest
//!
//! The program that embeds byop owns the tokio runtime, the tracing subscriber and the process. byop installs nothing
//! process-wide, prints nothing, reads the environment only where a name says `from_env`, and starts no program but
//! `git`, for sources from Git. On a host it changes and removes only what carries its own label.

pub mod clock;
pub mod cloud;
pub mod digest;
#[cfg(feature = "docker")]
pub mod docker;
pub mod engine;
mod error;
pub mod generator;
pub mod host;
pub mod id;
pub mod ingress;
pub mod model;
pub mod names;
pub mod runtime;
#[cfg(feature = "schedules")]
pub mod schedule;
#[cfg(feature = "schema")]
pub mod schema;
pub mod secret;
pub mod source;
pub mod stage;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Error, ErrorKind, ErrorReport, Result, Retry};
pub use secret::{Secret, SecretRef, SecretSource};
