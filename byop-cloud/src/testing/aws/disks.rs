//! Disks, and copies of disks.

use byop_core::clock::Timestamp;

use super::answer::{Fault, set, tag};
use super::form::{Form, passes};
use super::state::{Base, State, tag_set, written};

pub(super) struct Volume {
    pub(super) base: Base,
    pub(super) instance: Option<String>,
    pub(super) gib: u64,
}

/// What the vendor calls a snapshot.
pub(super) struct Copy {
    pub(super) base: Base,
    pub(super) gib: u64,
}

impl State {
    pub(super) fn describe_volumes(
        &self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let ids = form.list("VolumeId");
        for id in &ids {
            if !self.volumes.iter().any(|volume| volume.base.id == *id && volume.base.region == region) {
                return Err(Fault::missing("InvalidVolume", id));
            }
        }
        let mut found = Vec::new();
        for volume in self.volumes.iter().filter(|volume| volume.base.region == region) {
            let wanted = if ids.is_empty() {
                volume.base.listed_at <= now
            } else {
                ids.contains(&volume.base.id.as_str())
            };
            let status = if volume.instance.is_some() { "in-use" } else { "available" };
            let value = |name: &str| (name == "status").then(|| status.to_owned());
            if wanted && passes(form, &volume.base.tags, value)? {
                let attached = volume.instance.iter().map(|id| tag("instanceId", id));
                found.push(
                    tag("volumeId", &volume.base.id)
                        + &tag("size", volume.gib)
                        + &tag("status", status)
                        + &tag("createTime", written(volume.base.made_at))
                        + &set("attachmentSet", attached)
                        + &tag_set(&volume.base.tags),
                );
            }
        }
        self.page(form, "volumeSet", found)
    }

    pub(super) fn delete_volume(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let id = form.need("VolumeId");
        let is_it = |volume: &Volume| volume.base.id == id && volume.base.region == region;
        let at = self.volumes.iter().position(is_it).ok_or_else(|| Fault::missing("InvalidVolume", id))?;
        if self.volumes[at].instance.is_some() {
            return Err(Fault::new(400, "VolumeInUse", format!("Volume {id} is currently attached")));
        }
        let volume = self.volumes.remove(at);
        self.strike_out(&volume.base, now);
        Ok(tag("return", true))
    }

    pub(super) fn describe_copies(&self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let ids = form.list("SnapshotId");
        for id in &ids {
            if !self.copies.iter().any(|copy| copy.base.id == *id && copy.base.region == region) {
                return Err(Fault::missing("InvalidSnapshot", id));
            }
        }
        let mut found = Vec::new();
        for copy in self.copies.iter().filter(|copy| copy.base.region == region) {
            let wanted = if ids.is_empty() {
                copy.base.listed_at <= now
            } else {
                ids.contains(&copy.base.id.as_str())
            };
            if wanted && passes(form, &copy.base.tags, |_| None)? {
                found.push(
                    tag("snapshotId", &copy.base.id)
                        + &tag("status", "completed")
                        + &tag("startTime", written(copy.base.made_at))
                        + &tag("volumeSize", copy.gib)
                        + &tag_set(&copy.base.tags),
                );
            }
        }
        self.page(form, "snapshotSet", found)
    }

    pub(super) fn delete_copy(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let id = form.need("SnapshotId");
        if self.images.iter().any(|image| image.copies.iter().any(|copy| copy == id)) {
            return Err(Fault::new(
                400,
                "InvalidSnapshot.InUse",
                format!("The snapshot {id} is currently in use"),
            ));
        }
        let is_it = |copy: &Copy| copy.base.id == id && copy.base.region == region;
        let at = self.copies.iter().position(is_it).ok_or_else(|| Fault::missing("InvalidSnapshot", id))?;
        let copy = self.copies.remove(at);
        self.strike_out(&copy.base, now);
        Ok(tag("return", true))
    }
}
