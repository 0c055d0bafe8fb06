//! What DigitalOcean's description says of a request.

use std::sync::LazyLock;

use crate::http::Request;
use crate::testing::spec::Spec;

static SPEC: LazyLock<Result<Spec, String>> =
    LazyLock::new(|| Spec::parse(include_str!("spec.json")).map_err(|error| error.to_string()));

/// Why the description does not allow it.
pub(super) fn check(request: &Request) -> Result<(), String> {
    SPEC.as_ref().map_err(Clone::clone)?.check(request, "")
}
