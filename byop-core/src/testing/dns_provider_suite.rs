//! What every [`DnsProvider`] does, one function a behaviour.
//!
//! Run them all with [`dns_provider_suite!`](crate::dns_provider_suite), which makes a test of each. They write below
//! a name of their own in a zone that is there, and remove it at the end.

#![allow(clippy::expect_used)]

use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use crate::cloud::{CloudProvider, DnsProvider, DnsProviderExt, OwnedRecord};
use crate::error::ErrorKind::{Conflict, InvalidInput, NotFound};
use crate::error::Result;
use crate::id::{SystemEntropy, random_text};
use crate::model::{DnsName, DnsRecord, DnsRecordKind, DomainName};
use crate::testing::FakeCloud;
use crate::testing::rule::{done, refused, same};

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
            zone: DomainName::new(zone).expect("the zone of the suite must be a host name"),
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
        DnsName::new(format!("{head}{dot}{}.{}", self.prefix, self.zone)).expect("a name in the zone")
    }

    fn address(&self, head: &str, value: &str) -> DnsRecord {
        DnsRecord::new(self.name(head), DnsRecordKind::A).with_value(value)
    }

    async fn put(&self, record: &DnsRecord) {
        done("put_record", self.dns().put_record(&self.zone, record).await);
        self.shows(record).await;
    }

    async fn delete(&self, record: &DnsRecord) {
        let deleted = self.dns().delete_record(&self.zone, &record.name, &record.kind).await;
        done("delete_record", deleted);
    }

    /// Writes a record as one of ours.
    async fn apply(&self, record: &DnsRecord) {
        done("apply_owned_record", self.dns().apply_owned_record(&self.zone, record, US).await);
    }

    /// Deletes a record if it is one of ours.
    async fn delete_owned(&self, record: &DnsRecord) {
        let deleted = self.dns().delete_owned_record(&self.zone, &record.name, &record.kind, US).await;
        done("delete_owned_record", deleted);
    }

    async fn all(&self) -> Vec<DnsRecord> {
        let all = done("list_records", self.dns().list_records(&self.zone).await);
        all.into_iter().filter(|record| record.name.as_str().contains(&self.prefix)).collect()
    }

    async fn owned(&self) -> Vec<OwnedRecord> {
        let all = done("list_owned_records", self.dns().list_owned_records(&self.zone).await);
        all.into_iter().filter(|owned| owned.record.name.as_str().contains(&self.prefix)).collect()
    }

    /// Waits until the list has exactly this of a name and kind.
    async fn shows(&self, wanted: &DnsRecord) {
        self.until(format!("list_records must eventually have {wanted:?}"), || async {
            let all = self.all().await;
            let found: Vec<_> = all
                .iter()
                .filter(|found| (&found.name, &found.kind) == (&wanted.name, &wanted.kind))
                .collect();
            assert!(
                found.len() < 2,
                "list_records must have one entry for each name and kind; it gave {found:?}"
            );
            if found.first().is_some_and(|found| found.is_same(wanted)) {
                return Ok(());
            }
            Err(format!("it gave {found:?}"))
        })
        .await;
    }

    /// Waits until the list has nothing of this environment.
    async fn empties(&self) {
        self.until("list_records must eventually leave out a record that was deleted", || async {
            let all = self.all().await;
            if all.is_empty() { Ok(()) } else { Err(format!("it gave {all:?}")) }
        })
        .await;
    }

    async fn until<T, F: Future<Output = Result<T, String>>>(
        &self,
        rule: impl Display,
        mut look: impl FnMut() -> F,
    ) -> T {
        let end = Instant::now() + self.deadline;
        loop {
            match look().await {
                Ok(found) => return found,
                Err(seen) => {
                    assert!(Instant::now() < end, "{rule}; after {:?} {seen}", self.deadline);
                }
            }
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

/// The zone that the suite was told.
pub async fn the_zone_is_listed(env: &DnsEnv) {
    let zones = done("list_zones", env.dns().list_zones().await);
    assert!(
        zones.contains(&env.zone),
        "list_zones must have the zone of the suite, {}; it gave {zones:?}",
        env.zone
    );
}

/// With its whole name, its values and how long others may keep it.
pub async fn a_record_is_listed_as_it_was_put(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4").with_ttl(600);
    env.put(&record).await;
    same("list_records must give a record as it was put", env.all().await, vec![record]);
}

/// One entry, one value.
pub async fn putting_a_record_twice_is_as_once(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4");
    env.put(&record).await;
    env.put(&record).await;
    same("put_record twice must be as once", env.all().await, vec![record]);
}

/// Nothing of the earlier values is left.
pub async fn a_record_is_replaced(env: &DnsEnv) {
    env.put(&env.address("www", "203.0.113.4").with_value("203.0.113.5")).await;
    env.put(&env.address("www", "203.0.113.6")).await;
    same("put_record must replace what has the name and kind, so the records are", env.all().await.len(), 1);
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
    let four = env.address("www", "203.0.113.4");
    env.put(&six).await;
    env.put(&four).await;
    env.delete(&four).await;
    env.until("delete_record must eventually leave only the record of the other kind", || async {
        let all = env.all().await;
        if all == [six.clone()] { Ok(()) } else { Err(format!("list_records gave {all:?}")) }
    })
    .await;
}

/// It is not listed any more.
pub async fn a_deleted_record_is_gone(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4").with_value("203.0.113.5");
    env.put(&record).await;
    env.delete(&record).await;
    env.empties().await;
}

/// `Ok`.
pub async fn deleting_a_missing_record_is_ok(env: &DnsEnv) {
    let deleted = env.dns().delete_record(&env.zone, &env.name("none"), &DnsRecordKind::Txt).await;
    done("delete_record of a record that is not there", deleted);
}

/// `NotFound`, whatever is done with it.
pub async fn an_unknown_zone_is_not_found(env: &DnsEnv) {
    let zone = DomainName::new(format!("{}.test", env.prefix)).expect("a zone that is not there");
    let record = DnsRecord::new(zone.clone().into(), DnsRecordKind::A).with_value("203.0.113.4");
    refused(format!("list_records of the zone {zone}"), &[NotFound], env.dns().list_records(&zone).await);
    let put = env.dns().put_record(&zone, &record).await;
    refused(format!("put_record in the zone {zone}"), &[NotFound], put);
    let deleted = env.dns().delete_record(&zone, &record.name, &record.kind).await;
    refused(format!("delete_record in the zone {zone}"), &[NotFound], deleted);
}

/// `InvalidInput`.
pub async fn a_name_outside_of_the_zone_is_refused(env: &DnsEnv) {
    let name = DnsName::new(format!("{}.test", env.prefix)).expect("a name in no zone");
    let record = DnsRecord::new(name, DnsRecordKind::A).with_value("203.0.113.4");
    let put = env.dns().put_record(&env.zone, &record).await;
    refused(format!("put_record of the name {} in the zone {}", record.name, env.zone), &[InvalidInput], put);
}

/// `InvalidInput`: no address, or nothing at all.
pub async fn a_value_that_does_not_fit_is_refused(env: &DnsEnv) {
    let bad = env.dns().put_record(&env.zone, &env.address("www", "2001:db8::4")).await;
    refused("put_record of the kind A with the value 2001:db8::4", &[InvalidInput], bad);
    let empty = DnsRecord::new(env.name("www"), DnsRecordKind::A);
    let empty = env.dns().put_record(&env.zone, &empty).await;
    refused("put_record without values", &[InvalidInput], empty);
}

const US: &str = "k1/app/shop";

/// Once, again, and with other values.
pub async fn an_owned_record_is_applied_and_changed(env: &DnsEnv) {
    for value in ["203.0.113.4", "203.0.113.4", "203.0.113.5"] {
        let record = env.address("www", value);
        env.apply(&record).await;
        env.shows(&record).await;
    }
}

/// `Conflict`, with what stands there.
pub async fn a_foreign_record_is_never_overwritten(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.put(&theirs).await;
    let applied = env.dns().apply_owned_record(&env.zone, &env.address("www", "203.0.113.5"), US).await;
    let error = refused("apply_owned_record over a record of somebody else", &[Conflict], applied);
    same("the error must name the values that are there", error.context("values"), Some("203.0.113.4"));
    same("a record of somebody else must stay", env.all().await, vec![theirs]);
}

/// `Ok`, and it does not become ours.
pub async fn a_foreign_record_that_says_the_same_stays(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.put(&theirs).await;
    env.apply(&theirs).await;
    env.delete_owned(&theirs).await;
    same("a record of somebody else must stay", env.all().await, vec![theirs]);
}

/// `Conflict` to change, and deleting touches nothing.
pub async fn the_record_of_another_owner_is_left_alone(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    let applied = env.dns().apply_owned_record(&env.zone, &theirs, "k1/app/blog").await;
    done("apply_owned_record of another owner", applied);
    env.shows(&theirs).await;
    let ours = env.address("www", "203.0.113.5");
    let applied = env.dns().apply_owned_record(&env.zone, &ours, US).await;
    refused("apply_owned_record over the record of another owner", &[Conflict], applied);
    env.delete_owned(&ours).await;
    env.shows(&theirs).await;
}

/// `Conflict` where somebody else's name has no room for records beside it; ours makes room.
pub async fn a_name_that_stands_for_another_is_left_alone(env: &DnsEnv) {
    let alias = DnsRecord::new(env.name("www"), DnsRecordKind::Cname).with_value("www.example.net");
    env.put(&alias).await;
    let ours = env.address("www", "203.0.113.4");
    let applied = env.dns().apply_owned_record(&env.zone, &ours, US).await;
    refused("apply_owned_record beside a CNAME of somebody else", &[Conflict], applied);
    env.delete(&alias).await;
    env.apply(&alias).await;
    env.shows(&alias).await;
    env.apply(&ours).await;
    env.shows(&ours).await;
}

/// Nothing is left.
pub async fn an_owned_record_goes_with_its_marker(env: &DnsEnv) {
    let record = env.address("*", "203.0.113.4");
    env.apply(&record).await;
    env.shows(&record).await;
    for _ in 0..2 {
        env.delete_owned(&record).await;
        env.empties().await;
    }
}

/// `Ok`, and it stays.
pub async fn a_foreign_record_is_not_deleted(env: &DnsEnv) {
    let theirs = env.address("www", "203.0.113.4");
    env.put(&theirs).await;
    env.delete_owned(&theirs).await;
    same("a record of somebody else must stay", env.all().await, vec![theirs]);
}

/// A writer that ended between the marker and the record left only the marker.
pub async fn what_was_half_written_is_written_whole(env: &DnsEnv) {
    let record = env.address("www", "203.0.113.4");
    env.apply(&record).await;
    env.shows(&record).await;
    env.delete(&record).await;
    let owner = env
        .until("after delete_record, list_owned_records must eventually have the marker alone", || async {
            let owned = env.owned().await;
            let alone = owned.iter().find(|owned| owned.record.values.is_empty());
            alone.map(|owned| owned.owner.clone()).ok_or_else(|| format!("it gave {owned:?}"))
        })
        .await;
    same("list_owned_records must give the owner that the marker names", owner.as_str(), US);
    env.apply(&record).await;
    env.shows(&record).await;
}

/// And nobody else's.
pub async fn owned_records_are_listed_with_their_owners(env: &DnsEnv) {
    let ours = env.address("www", "203.0.113.4");
    env.apply(&ours).await;
    env.put(&env.address("mail", "203.0.113.5")).await;
    env.shows(&ours).await;
    let owned = env.owned().await;
    assert!(
        owned.len() == 1 && owned.iter().all(|owned| owned.record.is_same(&ours) && owned.owner == US),
        "list_owned_records must have only the record of {US}, {ours:?}; it gave {owned:?}"
    );
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
