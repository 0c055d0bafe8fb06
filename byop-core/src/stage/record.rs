//! What a container carries so that a lost store can be rebuilt: its app's spec and its release, as a label.
//!
//! Values of environment variables are left out: the container has them where they belong. So a list of containers
//! with their labels shows none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::{AppSpec, ClientId, Release};

/// The label.
pub(crate) const LABEL: &str = "byop.record";
/// Labels are part of every list of containers.
const MAX_BYTES: usize = 32 << 10;
const VERSION: u32 = 1;
/// Parts of a spec that only the next build needs, then those that the proxy knows too.
const DISPENSABLE: &[&str] = &["processes", "build", "routing"];

/// The contents of the label.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ContainerRecord {
    v: u32,
    /// The host that the app runs on, by the name that the engine has for it.
    pub(crate) host: String,
    /// Whose the app is; none when it is the platform's.
    #[serde(default)]
    pub(crate) client: Option<ClientId>,
    /// What its owner wants; environment variables without their values.
    pub(crate) spec: AppSpec,
    /// The release, without detection, plan, number, image id and the values of environment variables.
    pub(crate) release: Value,
    /// Keys of the spec for which there was no room.
    #[serde(default)]
    pub(crate) left_out: Vec<String>,
}

/// The label of a release's container.
pub(crate) fn write(host: &str, client: Option<&ClientId>, spec: &AppSpec, release: &Release) -> String {
    let mut spec = json!(spec);
    blank(&mut spec["env"]);
    let mut release = json!(Release {
        // A path that was found in the source is as good as one that was given: without the plan nobody else knows.
        health: release.health.clone().map(|mut health| {
            if release.plan.as_ref().is_some_and(|plan| plan.health.is_known) && health.path.is_none() {
                health.path = Some(release.health_path.clone());
            }
            health
        }),
        detection: None,
        plan: None,
        ..release.clone()
    });
    blank(&mut release["config"]["env"]);
    // Fingerprints are made with a key that is in the store: without that one they tell nothing.
    release["secret_versions"] = json!({});
    // Of the time nothing may depend: a job that is run again writes the same.
    release["created_at"] = json!(0);
    let mut left_out = Vec::new();
    let mut parts = DISPENSABLE.iter();
    loop {
        let text =
            json!({ "v": VERSION, "host": host, "client": client, "spec": spec, "release": release, "left_out": left_out })
                .to_string();
        if text.len() <= MAX_BYTES {
            return text;
        }
        let Some(part) = parts.next() else {
            return json!({ "v": VERSION, "left_out": ["spec"] }).to_string();
        };
        if spec.as_object_mut().is_some_and(|spec| spec.remove(*part).is_some()) {
            left_out.push((*part).to_owned());
        }
    }
}

/// Reads the label.
pub(crate) fn read(label: &str) -> Result<ContainerRecord> {
    let unreadable =
        |message: &str| Error::invalid("record.read", message.to_owned()).with_context("label", LABEL);
    let value: Value = serde_json::from_str(label)
        .map_err(|error| unreadable("the record is no JSON").with_source(error))?;
    match value["v"].as_u64() {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => {
            return Err(unreadable("a later version of byop has written the record")
                .with_context("version", version)
                .with_remedy("use that version"));
        }
        None => return Err(unreadable("the record has no version")),
    }
    serde_json::from_value(value).map_err(|error| unreadable("the record cannot be read").with_source(error))
}

fn blank(env: &mut Value) {
    if let Some(env) = env.as_object_mut() {
        let names: Map<_, _> = env.keys().map(|name| (name.clone(), json!(""))).collect();
        *env = names;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::digest::Digest;
    use crate::model::{ImageRef, ReleaseConfig, Source};

    fn release() -> Release {
        let env = [("KEY".to_owned(), "hunter2".to_owned())].into();
        Release {
            number: 3,
            image_id: "sha256:1".into(),
            image: "shop:1".into(),
            source_digest: None,
            config_digest: Digest::of("x"),
            secret_versions: Default::default(),
            port: 80,
            ports: Vec::new(),
            health_path: "/".into(),
            health: None,
            detection: None,
            plan: None,
            config: Some(ReleaseConfig { env, ..ReleaseConfig::default() }),
            job: None,
            created_at: Timestamp(7),
        }
    }

    fn spec() -> AppSpec {
        let source = Source::Image(ImageRef::new("shop:1").unwrap());
        AppSpec::new("shop", source).unwrap().with_env("KEY", "hunter2").unwrap()
    }

    #[test]
    fn values_are_left_out_and_names_are_kept() {
        let text = write("local", None, &spec(), &release());
        assert!(!text.contains("hunter2"));
        let record = read(&text).unwrap();
        assert_eq!(record.spec.env.len(), 1);
        let read: Release = serde_json::from_value(record.release).unwrap();
        assert_eq!(read.config.unwrap().env.keys().collect::<Vec<_>>(), ["KEY"]);
        assert_eq!((read.config_digest, read.number), (Digest::of("x"), 3));
    }

    #[test]
    fn a_large_spec_loses_what_only_builds_need_first() {
        let mut spec = spec();
        spec.build.start = Some("x".repeat(40_000));
        let text = write("local", None, &spec, &release());
        assert!(text.len() <= MAX_BYTES);
        let record = read(&text).unwrap();
        assert_eq!(record.left_out, ["build"]);
        assert_eq!(record.spec.build.start, None);
        spec.writable = (0..1000).map(|number| format!("/{number}{}", "x".repeat(60))).collect();
        assert!(write("local", None, &spec, &release()).len() <= MAX_BYTES);
    }

    #[test]
    fn records_of_other_versions_and_texts_are_refused() {
        for bad in ["", "{}", "[]", r#"{"v":2}"#, r#"{"v":1}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
