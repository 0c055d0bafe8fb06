//! What every [`DnsProvider`] does, one function a behaviour.
//!
//! Run them all with [`dns_provider_suite!`](crate::dns_provider_suite), which makes a test of each. They write below
//! a name of their own in a zone that is there, and remove it at the end.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use crate::cloud::{CloudProvider, DnsProvider, DnsProviderExt};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{SystemEntropy, random_text};
use crate::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};
use crate::testing::FakeCloud;

/// Makes a module with one `#[tokio::test]` per behaviour of name servers. `$make` is a path to an
/// `async fn() -> Option<DnsEnv>`, called once for each test; `None` skips it.
///
/// ```
/// use byop_core::testing::dns_provider_suite::DnsEnv;
///
/// async fn make() -> Option<DnsEnv> {
///     Some(DnsEnv::fake())
/// }
/// byop_core::dns_provider_suite!(fake_dns, super::make);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! dns_provider_suite {
    ($module:ident, $make:path) => {
        mod $module {
            $crate::dns_provider_suite! { @each $make;
                the_zone_is_listed
                a_record_is_listed_as_it_was_put
                putting_a_record_twice_is_as_once
                a_record_is_replaced
                a_record_has_several_values
                records_of_each_kind_are_read_back
                unusual_names_are_read_back
                a_long_text_is_read_back
                kinds_of_one_name_are_apart
                a_deleted_record_is_gone
                deleting_a_missing_record_is_ok
                an_unknown_zone_is_not_found
                a_name_outside_of_the_zone_is_refused
                a_value_that_does_not_fit_is_refused
                an_owned_record_is_applied_and_changed
                a_foreign_record_is_never_overwritten
                a_foreign_record_that_says_the_same_stays
                the_record_of_another_owner_is_left_alone
                a_name_that_stands_for_another_is_left_alone
                an_owned_record_goes_with_its_marker
                a_foreign_record_is_not_deleted
                what_was_half_written_is_written_whole
                owned_records_are_listed_with_their_owners
            }
        }
    };
    (@each $make:path; $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                if let Some(env) = $make().await {
                    $crate::testing::dns_provider_suite::run(env, $crate::testing::dns_provider_suite::$name)
                        .await;
                }
            }
        )*
    };
}

#[derive(Debug)]
enum Subject {
    Dns(Arc<dyn DnsProvider>),
    Cloud(Arc<dyn CloudProvider>),
}

/// Name servers and a zone that they hold.
#[derive(Debug)]
pub struct DnsEnv {
    subject: Subject,
    zone: DomainName,
    pause: Duration,
    deadline: Duration,
    prefix: String,
}

impl DnsEnv {
    /// Name servers, and a zone in which the suite may write below names of its own.
    ///
    /// # Panics
    /// When `zone` is no host name.
    pub fn new(provider: Arc<dyn DnsProvider>, zone: &str) -> Self {
        Self::on(Subject::Dns(provider), zone)
    }

    /// The name servers of a cloud.
    ///
    /// # Panics
    /// When `zone` is no host name.
    pub fn of_cloud(cloud: Arc<dyn CloudProvider>, zone: &str) -> Self {
        Self::on(Subject::Cloud(cloud), zone)
    }

    fn on(subject: Subject, zone: &str) -> Self {
        Self {
            subject,
            zone: DomainName::new(zone).unwrap(),
            pause: Duration::from_millis(20),
            deadline: Duration::from_secs(60),
            prefix: format!("t{}", random_text(&SystemEntropy, 10)),
        }
    }

    /// Those of a new fake cloud.
    #[must_use]
    pub fn fake() -> Self {
        Self::of_cloud(Arc::new(FakeCloud::new()), "example.com")
    }

    /// Sets how long to wait between two looks; 20 ms unless set. Real providers want seconds.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    fn dns(&self) -> &dyn DnsProvider {
        match &self.subject {
            Subject::Dns(dns) => dns.as_ref(),
            Subject::Cloud(cloud) => cloud.dns().expect("the cloud has name servers"),
        }
    }

    /// A name of this environment; empty is its root.
    fn name(&self, head: &str) -> DnsName {
        let dot = if head.is_empty() { "" } else { "." };
        DnsName::new(format!("{head}{dot}{}.{}", self.prefix, self.zone)).unwrap()
    }

    fn address(&self, head: &str, value: &str) -> DnsRecord {
        DnsRecord::new(self.name(head), DnsRecordKind::A).with_value(value)
    }

    async fn put(&self, record: &DnsRecord) {
        self.dns().put_record(&self.zone, record).await.unwrap();
        self.shows(record).await;
    }

    async fn all(&self) -> Vec<DnsRecord> {
        let all = self.dns().list_records(&self.zone).await.unwrap();
        all.into_iter().filter(|record| record.name.as_str().contains(&self.prefix)).collect()
    }

    /// Waits until the list has exactly this of a name and kind.
    async fn shows(&self, wanted: &DnsRecord) {
        self.until("a record", || async {
            let all = self.all().await;
            let found: Vec<_> = all
                .iter()
                .filter(|found| (&found.name, &found.kind) == (&wanted.name, &wanted.kind))
                .collect();
            assert!(found.len() < 2, "one entry for each name and kind: {found:?}");
            found.first().is_some_and(|found| found.is_same(wanted)).then_some(())
        })
        .await;
    }

    async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, mut look: impl FnMut() -> F) -> T {
        let end = Instant::now() + self.deadline;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < end, "waited in vain for: {what}");
            tokio::time::sleep(self.pause).await;
        }
    }

    async fn clean(&self) {
        for record in self.dns().list_records(&self.zone).await.unwrap_or_default() {
            if record.name.as_str().contains(&self.prefix) {
                let _ = self.dns().delete_record(&self.zone, &record.name, &record.kind).await;
            }
        }
    }
}

/// Runs one behaviour and removes what it wrote, whether it passes or not.
///
/// # Panics
/// When the behaviour does.
pub async fn run(env: DnsEnv, behaviour: impl AsyncFnOnce(&DnsEnv)) {
    let outcome = AssertUnwindSafe(behaviour(&env)).catch_unwind().await;
    env.clean().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// The zone that the suite was told.
pub async fn the_zone_is_listed(env: &DnsEnv) {
    assert!(env.dns().list_zones().await.unwrap().contains(&env.zone));
}

/// With its whole name, its values and how long others may keep it.
pub async fn a_record_is_listed_as_it_was_put(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4").with_ttl(600);
    env.put(&record).await;
    assert_eq!(env.all().await, [record]);
}

/// One entry, one value.
pub async fn putting_a_record_twice_is_as_once(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4");
    env.put(&record).await;
    env.put(&record).await;
    assert_eq!(env.all().await, [record]);
}

/// Nothing of the earlier values is left.
pub async fn a_record_is_replaced(env: &DnsEnv) {
    env.put(&env.address("www", "203.0.113.4").with_value("203.0.113.5")).await;
    env.put(&env.address("www", "203.0.113.6")).await;
    assert_eq!(env.all().await.len(), 1);
}

/// In any order.
pub async fn a_record_has_several_values(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.9").with_value("203.0.113.4").with_value("203.0.113.7");
    env.put(&record).await;
}

/// Addresses, names without a dot at their end, texts without quotes.
pub async fn records_of_each_kind_are_read_back(env: &DnsEnv) {
    for (head, kind, value) in [
        ("a", DnsRecordKind::A, "203.0.113.4"),
        ("b", DnsRecordKind::Aaaa, "2001:db8::4"),
        ("c", DnsRecordKind::Cname, "www.example.net"),
        ("d", DnsRecordKind::Txt, "v=spf1 include:example.net; -all"),
    ] {
        env.put(&DnsRecord::new(env.name(head), kind).with_value(value)).await;
    }
}

/// Wildcards, and labels that begin with `_`.
pub async fn unusual_names_are_read_back(env: &DnsEnv) {
    env.put(&env.address("*", "203.0.113.4")).await;
    env.put(&DnsRecord::new(env.name("_acme-challenge.www"), DnsRecordKind::Txt).with_value("x")).await;
}

/// Longer than the 255 bytes that one string of a text record can have.
pub async fn a_long_text_is_read_back(env: &DnsEnv) {
    env.put(
        &DnsRecord::new(env.name("long"), DnsRecordKind::Txt).with_value("k=".to_owned() + &"ab".repeat(190)),
    )
    .await;
}

/// Changing one leaves the other.
pub async fn kinds_of_one_name_are_apart(env: &DnsEnv) {
    let six = DnsRecord::new(env.name("www"), DnsRecordKind::Aaaa).with_value("2001:db8::4");
    env.put(&six).await;
    env.put(&env.address("www", "203.0.113.4")).await;
    env.dns().delete_record(&env.zone, &env.name("www"), &DnsRecordKind::A).await.unwrap();
    env.until("the other kind alone", || async { (env.all().await == [six.clone()]).then_some(()) }).await;
}

/// It is not listed any more.
pub async fn a_deleted_record_is_gone(env: &DnsEnv) {
    env.put(&env.address("www", "203.0.113.4").with_value("203.0.113.5")).await;
    env.dns().delete_record(&env.zone, &env.name("www"), &DnsRecordKind::A).await.unwrap();
    env.until("an empty list", || async { env.all().await.is_empty().then_some(()) }).await;
}

/// `Ok`.
pub async fn deleting_a_missing_record_is_ok(env: &DnsEnv) {
    env.dns().delete_record(&env.zone, &env.name("none"), &DnsRecordKind::Txt).await.unwrap();
}

/// `NotFound`, whatever is done with it.
pub async fn an_unknown_zone_is_not_found(env: &DnsEnv) {
    let zone = DomainName::new(format!("{}.test", env.prefix)).unwrap();
    let record = DnsRecord::new(zone.clone().into(), DnsRecordKind::A).with_value("203.0.113.4");
    assert_eq!(kind(env.dns().list_records(&zone).await), ErrorKind::NotFound);
    assert_eq!(kind(env.dns().put_record(&zone, &record).await), ErrorKind::NotFound);
    let delete = env.dns().delete_record(&zone, &record.name, &record.kind).await;
    assert_eq!(kind(delete), ErrorKind::NotFound);
}

/// `InvalidInput`.
pub async fn a_name_outside_of_the_zone_is_refused(env: &DnsEnv) {
    let name = DnsName::new(format!("{}.test", env.prefix)).unwrap();
    let record = DnsRecord::new(name, DnsRecordKind::A).with_value("203.0.113.4");
    assert_eq!(kind(env.dns().put_record(&env.zone, &record).await), ErrorKind::InvalidInput);
}

/// `InvalidInput`: no address, or nothing at all.
pub async fn a_value_that_does_not_fit_is_refused(env: &DnsEnv) {
    let bad = env.dns().put_record(&env.zone, &env.address("www", "2001:db8::4")).await;
    assert_eq!(kind(bad), ErrorKind::InvalidInput);
    let empty = DnsRecord::new(env.name("www"), DnsRecordKind::A);
    assert_eq!(kind(env.dns().put_record(&env.zone, &empty).await), ErrorKind::InvalidInput);
}

const US: &str = "k1/app/shop";

/// Once, again, and with other values.
pub async fn an_owned_record_is_applied_and_changed(env: &DnsEnv) {
    for value in ["203.0.113.4", "203.0.113.4", "203.0.113.5"] {
        let record = env.address("www", value);
        env.dns().apply_owned_record(&env.zone, &record, US).await.unwrap();
        env.shows(&record).await;
    }
}

/// `Conflict`, with what stands there.
pub async fn a_foreign_record_is_never_overwritten(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.put(&theirs).await;
    let error =
        env.dns().apply_owned_record(&env.zone, &env.address("www", "203.0.113.5"), US).await.unwrap_err();
    assert_eq!((error.kind(), error.context("values")), (ErrorKind::Conflict, Some("203.0.113.4")));
    assert_eq!(env.all().await, [theirs]);
}

/// `Ok`, and it does not become ours.
pub async fn a_foreign_record_that_says_the_same_stays(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.put(&theirs).await;
    env.dns().apply_owned_record(&env.zone, &theirs, US).await.unwrap();
    env.dns().delete_owned_record(&env.zone, &theirs.name, &theirs.kind, US).await.unwrap();
    assert_eq!(env.all().await, [theirs]);
}

/// `Conflict` to change, and deleting touches nothing.
pub async fn the_record_of_another_owner_is_left_alone(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.dns().apply_owned_record(&env.zone, &theirs, "k1/app/blog").await.unwrap();
    env.shows(&theirs).await;
    let ours = env.address("www", "203.0.113.5");
    assert_eq!(kind(env.dns().apply_owned_record(&env.zone, &ours, US).await), ErrorKind::Conflict);
    env.dns().delete_owned_record(&env.zone, &ours.name, &ours.kind, US).await.unwrap();
    env.shows(&theirs).await;
}

/// `Conflict` where somebody else's name has no room for records beside it; ours makes room.
pub async fn a_name_that_stands_for_another_is_left_alone(env: &DnsEnv) {
    let alias = DnsRecord::new(env.name("www"), DnsRecordKind::Cname).with_value("www.example.net");
    env.put(&alias).await;
    let ours = env.address("www", "203.0.113.4");
    assert_eq!(kind(env.dns().apply_owned_record(&env.zone, &ours, US).await), ErrorKind::Conflict);
    env.dns().delete_record(&env.zone, &alias.name, &alias.kind).await.unwrap();
    env.dns().apply_owned_record(&env.zone, &alias, US).await.unwrap();
    env.shows(&alias).await;
    env.dns().apply_owned_record(&env.zone, &ours, US).await.unwrap();
    env.shows(&ours).await;
}

/// Nothing is left.
pub async fn an_owned_record_goes_with_its_marker(env: &DnsEnv) {
    let record = env.address("*", "203.0.113.4");
    env.dns().apply_owned_record(&env.zone, &record, US).await.unwrap();
    env.shows(&record).await;
    for _ in 0..2 {
        env.dns().delete_owned_record(&env.zone, &record.name, &record.kind, US).await.unwrap();
        env.until("an empty list", || async { env.all().await.is_empty().then_some(()) }).await;
    }
}

/// `Ok`, and it stays.
pub async fn a_foreign_record_is_not_deleted(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.put(&theirs).await;
    env.dns().delete_owned_record(&env.zone, &theirs.name, &theirs.kind, US).await.unwrap();
    assert_eq!(env.all().await, [theirs]);
}

/// A writer that ended between the marker and the record left only the marker.
pub async fn what_was_half_written_is_written_whole(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4");
    env.dns().apply_owned_record(&env.zone, &record, US).await.unwrap();
    env.shows(&record).await;
    env.dns().delete_record(&env.zone, &record.name, &record.kind).await.unwrap();
    let owned = env
        .until("the marker alone", || async {
            let mut owned = env.dns().list_owned_records(&env.zone).await.unwrap();
            owned.retain(|owned| owned.record.name == record.name && owned.record.values.is_empty());
            owned.pop()
        })
        .await;
    assert_eq!(owned.owner, US);
    env.dns().apply_owned_record(&env.zone, &record, US).await.unwrap();
    env.shows(&record).await;
}

/// And nobody else's.
pub async fn owned_records_are_listed_with_their_owners(env: &DnsEnv) {
    let ours = env.address("www", "203.0.113.4");
    env.dns().apply_owned_record(&env.zone, &ours, US).await.unwrap();
    env.put(&env.address("mail", "203.0.113.5")).await;
    env.shows(&ours).await;
    let owned = env.dns().list_owned_records(&env.zone).await.unwrap();
    let mut owned = owned.iter().filter(|owned| owned.record.name.as_str().contains(&env.prefix));
    let (first, more) = (owned.next().unwrap(), owned.next());
    assert!(first.record.is_same(&ours) && first.owner == US && more.is_none(), "{first:?} {more:?}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_behaviour_is_in_the_macro() {
        let text = include_str!("dns_provider_suite.rs");
        for line in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let name = line.split('(').next().unwrap();
            assert!(
                name == "run" || text.lines().any(|line| line.trim() == name),
                "{name} is not in the list"
            );
        }
    }
}
