//! What DigitalOcean's description says of a request.

use crate::http::Request;

/// Why the description does not allow it.
pub(super) fn check(_request: &Request) -> Result<(), String> {
    Ok(())
}
