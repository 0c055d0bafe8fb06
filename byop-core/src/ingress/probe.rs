//! What a request to a new release gave.

/// The answer to one request through the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The HTTP status. 502 and 504 are also what the proxy itself says when the app does not answer.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
}
