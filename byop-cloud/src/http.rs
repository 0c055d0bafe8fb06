//! HTTP as the providers need it: a request and an answer as plain data, retries, pages, one table of errors.

mod date;
mod error;
mod page;
mod reqwest;
mod retry;
mod transport;

pub(crate) use date::parse_http_date;
pub use error::{check_status, kind_of_status};
pub use page::collect_pages;
pub use reqwest::{HttpOptions, HttpTransport, Plaintext, Proxy};
pub use retry::{Check, Client, RetryPolicy};
pub use transport::{Method, Repeat, Request, Response, Transport};
