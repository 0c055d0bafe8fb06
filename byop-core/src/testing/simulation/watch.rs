//! What happened below the faults, for those who judge it.

use std::fmt::Debug;

use crate::model::{EventBody, Job, StepRecord};
use crate::store::{Expected, Lease};

/// Something that really happened, whatever the caller was told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// A job was written for the first time.
    JobCreated(&'a Job),
    /// A job was taken.
    JobClaimed(&'a Lease),
    /// A lease was renewed.
    LeaseRenewed(&'a Lease),
    /// The state of a job was written.
    JobWritten(&'a Lease, &'a Job),
    /// A journal entry was written.
    StepWritten(&'a Lease, &'a StepRecord),
    /// Events were written.
    EventsWritten(&'a Lease, &'a [EventBody]),
    /// A job was asked to end, and is now so.
    JobCancelled(&'a Job),
    /// A record was written, and got this version.
    RecordWritten {
        /// The collection.
        collection: &'a str,
        /// The key.
        key: &'a str,
        /// What its writer asked for.
        expected: Expected,
        /// Its new version.
        version: u64,
    },
    /// A call to a host or its proxy had its effect.
    HostCalled {
        /// What was called, such as `container.create`.
        operation: &'static str,
        /// With what, such as the name of the container.
        subject: &'a str,
    },
}

/// Watches a simulation.
pub trait Watch: Debug + Send + Sync {
    /// Is told of everything that happens, in order.
    fn saw(&self, what: &Seen<'_>);
}
