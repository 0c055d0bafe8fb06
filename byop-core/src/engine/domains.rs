//! The host names of apps.

use super::Engine;
use super::apps::DOMAINS;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppName, Domain, DomainName};
use crate::store::{Page, Record};

impl Engine {
    /// Host names that apps have, in order of name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_domains(&self, page: &Page) -> Result<Vec<Domain>> {
        let records = self.inner.store.list_records(&self.scope, DOMAINS, page).await?;
        records.iter().map(|record| read(record).ok_or_else(|| unreadable(record))).collect()
    }
}

fn read(record: &Record) -> Option<Domain> {
    let app = AppName::new(record.value["app"].as_str()?).ok()?;
    Some(Domain { name: DomainName::new(&record.key).ok()?, app })
}

fn unreadable(record: &Record) -> Error {
    Error::new(ErrorKind::Corrupt, "domain.list", "the stored host name cannot be read")
        .with_context("domain", &record.key)
}
