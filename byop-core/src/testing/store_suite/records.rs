//! Records, their versions and owners.

use super::{PLATFORM, Subject, client, kind, scope};
use crate::error::ErrorKind;
use crate::store::{Expected, Page, Record};
use futures_util::future::join_all;
use serde_json::json;

/// What was put is found, with the version that was told.
pub async fn a_new_record_is_found_as_it_was_put(subject: Subject) {
    let value = json!({"text": "ä\u{0}\n", "list": [1, 2.5, null, true], "large": u64::MAX});
    let version = subject.store.put_record(&PLATFORM, "c", "k", &value, Expected::Absent).await.unwrap();
    let record = subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap();
    assert_eq!(record, Record { key: "k".into(), owner: None, version, value });
}

/// `None`, not an error.
pub async fn a_missing_record_is_none(subject: Subject) {
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap(), None);
}

/// `AlreadyExists`, and the first value stays.
pub async fn a_record_expected_absent_is_not_replaced(subject: Subject) {
    subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Absent).await.unwrap();
    let second = subject.store.put_record(&PLATFORM, "c", "k", &json!(2), Expected::Absent).await;
    assert_eq!(kind(second), ErrorKind::AlreadyExists);
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap().value, json!(1));
}

/// Each write raises the version.
pub async fn a_write_raises_the_version(subject: Subject) {
    let first = subject.put("k", 1).await;
    let expected = Expected::Version(first);
    let second = subject.store.put_record(&PLATFORM, "c", "k", &json!(2), expected).await.unwrap();
    let third = subject.put("k", 3).await;
    assert!(first < second && second < third, "{first} {second} {third}");
}

/// A version is not given a second time, even when the record was deleted in between.
pub async fn a_deleted_record_does_not_come_back_with_an_old_version(subject: Subject) {
    let first = subject.put("k", 1).await;
    subject.store.delete_record(&PLATFORM, "c", "k", Expected::Any).await.unwrap();
    subject.put("k", 2).await;
    let late = subject.store.put_record(&PLATFORM, "c", "k", &json!(3), Expected::Version(first)).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
}

/// `Conflict`, and the newer value stays.
pub async fn a_write_on_an_old_version_is_refused(subject: Subject) {
    let first = subject.put("k", 1).await;
    subject.put("k", 2).await;
    let late = subject.store.put_record(&PLATFORM, "c", "k", &json!(3), Expected::Version(first)).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap().value, json!(2));
}

/// `Conflict`: a version that is expected must be there.
pub async fn a_version_of_a_missing_record_is_a_conflict(subject: Subject) {
    let put = subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Version(1)).await;
    assert_eq!(kind(put), ErrorKind::Conflict);
}

/// `Any` writes whether or not there is a record.
pub async fn a_record_with_any_version_is_written(subject: Subject) {
    subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Any).await.unwrap();
    subject.store.put_record(&PLATFORM, "c", "k", &json!(2), Expected::Any).await.unwrap();
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().unwrap().value, json!(2));
}

/// In order of key, and only those of the collection.
pub async fn records_are_listed_in_order_of_key(subject: Subject) {
    for (collection, key) in [("c", "b"), ("c", "a"), ("d", "x"), ("c", "a/b"), ("c", "B")] {
        subject.store.put_record(&PLATFORM, collection, key, &json!(key), Expected::Absent).await.unwrap();
    }
    let records = subject.store.list_records(&PLATFORM, "c", &Page::all()).await.unwrap();
    let keys: Vec<_> = records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["B", "a", "a/b", "b"]);
}

/// An empty list, not an error.
pub async fn an_unknown_collection_is_empty(subject: Subject) {
    assert!(subject.store.list_records(&PLATFORM, "none", &Page::all()).await.unwrap().is_empty());
}

/// A deleted record is gone, and its key is free.
pub async fn a_deleted_record_is_gone(subject: Subject) {
    subject.store.put_record(&PLATFORM, "c", "k", &json!(1), Expected::Absent).await.unwrap();
    subject.store.delete_record(&PLATFORM, "c", "k", Expected::Any).await.unwrap();
    assert_eq!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap(), None);
    subject.store.put_record(&PLATFORM, "c", "k", &json!(2), Expected::Absent).await.unwrap();
}

/// Deleting what is not there is success.
pub async fn deleting_a_missing_record_is_ok(subject: Subject) {
    subject.store.delete_record(&PLATFORM, "c", "k", Expected::Any).await.unwrap();
}

/// A deletion that expects a version is refused when the record has changed, and the record stays.
pub async fn deleting_an_old_version_is_refused(subject: Subject) {
    let first = subject.put("k", 1).await;
    subject.put("k", 2).await;
    let expected = Expected::Version(first);
    let delete = subject.store.delete_record(&PLATFORM, "c", "k", expected).await;
    assert_eq!(kind(delete), ErrorKind::Conflict);
    assert!(subject.store.find_record(&PLATFORM, "c", "k").await.unwrap().is_some());
}

/// By the beginning of the key, after a key, and at most so many.
pub async fn records_are_listed_in_pages(subject: Subject) {
    for key in ["a/1", "a/2", "a/3", "a0", "b/1", "ab"] {
        subject.put(key, 0).await;
    }
    let of_a = Page::all().with_prefix("a/");
    for (page, expected) in [
        (of_a.clone(), vec!["a/1", "a/2", "a/3"]),
        (of_a.clone().with_limit(2), vec!["a/1", "a/2"]),
        (of_a.with_after("a/2").with_limit(2), vec!["a/3"]),
        (Page::all().with_after("a0"), vec!["ab", "b/1"]),
        (Page::all().with_prefix("c"), vec![]),
    ] {
        let records = subject.store.list_records(&PLATFORM, "c", &page).await.unwrap();
        assert_eq!(records.iter().map(|r| r.key.as_str()).collect::<Vec<_>>(), expected, "{page:?}");
    }
}

/// A client neither finds, lists, changes nor deletes the record of another, or of the platform.
pub async fn the_record_of_another_client_is_not_there(subject: Subject) {
    let store = &subject.store;
    store.put_record(&scope("ours"), "c", "k", &json!(1), Expected::Absent).await.unwrap();
    store.put_record(&PLATFORM, "c", "p", &json!(1), Expected::Absent).await.unwrap();
    let theirs = scope("theirs");
    for key in ["k", "p"] {
        let version = store.find_record(&PLATFORM, "c", key).await.unwrap().unwrap().version;
        assert_eq!(store.find_record(&theirs, "c", key).await.unwrap(), None);
        for (expected, refusal) in [
            (Expected::Absent, ErrorKind::AlreadyExists),
            (Expected::Any, ErrorKind::AlreadyExists),
            (Expected::Version(version), ErrorKind::Conflict),
        ] {
            assert_eq!(kind(store.put_record(&theirs, "c", key, &json!(2), expected).await), refusal);
        }
        let delete = store.delete_record(&theirs, "c", key, Expected::Version(version)).await;
        assert_eq!(kind(delete), ErrorKind::Conflict);
        store.delete_record(&theirs, "c", key, Expected::Any).await.unwrap();
        assert_eq!(store.find_record(&PLATFORM, "c", key).await.unwrap().unwrap().value, json!(1));
    }
    assert!(store.list_records(&theirs, "c", &Page::all()).await.unwrap().is_empty());
    assert_eq!(store.list_records(&scope("ours"), "c", &Page::all()).await.unwrap().len(), 1);
}

/// What the platform writes over stays its owner's.
pub async fn a_record_keeps_its_owner(subject: Subject) {
    subject.store.put_record(&scope("ours"), "c", "k", &json!(1), Expected::Absent).await.unwrap();
    subject.put("k", 2).await;
    let record = subject.store.find_record(&scope("ours"), "c", "k").await.unwrap().unwrap();
    assert_eq!((record.owner, record.value), (Some(client("ours")), json!(2)));
}

/// Of many writers on one version, exactly one wins.
pub async fn one_of_many_writers_on_a_version_wins(subject: Subject) {
    let expected = Expected::Version(subject.put("k", 0).await);
    let values: Vec<_> = (0..16).map(|n| json!(n)).collect();
    let puts = values.iter().map(|value| subject.store.put_record(&PLATFORM, "c", "k", value, expected));
    let results = join_all(puts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}
