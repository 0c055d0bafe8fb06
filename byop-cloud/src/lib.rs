//! Cloud providers for byop: vendors, what they share over HTTP, and the registry that finds them by name.
//!
//! A program opens a vendor by name with [`CloudRegistry::vendors`](registry::CloudRegistry::vendors), or makes one by
//! `from_env`, and gives it to the engine. Another vendor is another line:
//!
//! ```no_run
//! use byop_cloud::registry::{CloudRegistry, ProviderOptions};
//! use byop_core::engine::Engine;
//!
//! # fn demo() -> byop_core::Result<Engine> {
//! let cloud = CloudRegistry::vendors().open("digitalocean", &ProviderOptions::from_env())?;
//! let engine = Engine::builder().with_cloud(cloud).build()?;
//! # Ok(engine)
//! # }
//! ```
//!
//! # Adding a provider
//!
//! Nothing here is needed for that: a provider is whatever implements [`CloudProvider`](byop_core::cloud::CloudProvider),
//! in any crate. `examples/custom_provider.rs` is a whole one in under 150 lines. What helps:
//!
//! 1. **Begin with the test.** `byop_core::cloud_provider_suite!(nimbus, super::make);` makes a test of each behaviour;
//!    `make` gives a provider, a region, a size and an image. Against a simulator let its lists have pages of one item.
//!    With name servers there is `dns_provider_suite!` too.
//! 2. **Settings** come as [`ProviderOptions`](registry::ProviderOptions), under the vendor's own names; only `from_env`
//!    reads the environment. An endpoint can be set, or nobody can test against anything but the real one.
//! 3. **Requests** go through [`http::Client`], which repeats what may be repeated, waits as long as the vendor asks for,
//!    and never repeats a create whose outcome is unknown. Credentials are put on by a [`http::Transport`] around
//!    another one, at every try, since signatures hold the time. [`http::collect_pages`] follows pages to the last.
//! 4. **The mark.** Everything made bears a mark of byop and the key of its specification, where a list can find it: in
//!    a tag, else in the name. What does not bear it is in no list, and changing it is `PermissionDenied`. Before a
//!    create the key is looked for, and what is found is given back instead of a second one.
//! 5. **Capabilities** say what the vendor does otherwise: whether it keeps keys unique by itself, and how many seconds
//!    its lists may be late. Promise less rather than more: the engine waits accordingly before it asks again.
//! 6. **Errors**: a table from the vendor's codes to [`ErrorKind`](byop_core::ErrorKind) by what the caller can do, as a
//!    [`http::Check`] on top of [`http::check_status`]. Gone is `NotFound`, and deleting what is gone is `Ok`. No machine
//!    left of a size is [`no_capacity`](byop_core::cloud::no_capacity). Every error has what was asked for as its
//!    context, and a remedy; none has a credential or user data.
//! 7. **Waiting** is the engine's: a call begins something and returns.
//! 8. [`CloudRegistry::with_provider`](registry::CloudRegistry::with_provider) gives it a name for programs that choose
//!    by name.
//!
//! The vendors here have the same files each: `config` (settings), `sign` (credentials), `client` (requests), `wire` (the
//! vendor's form of things), `convert` (from there to the model, and only there), `error` (the table), one file for each
//! area, and `dns`.

#[cfg(feature = "aws")]
pub mod aws;
pub mod digitalocean;
pub mod http;
pub mod ovh;
pub mod registry;
#[cfg(feature = "testing")]
pub mod testing;
