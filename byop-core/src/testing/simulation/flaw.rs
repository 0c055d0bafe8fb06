//! Known bugs that can be planted, to see whether a test would find them.

/// A bug between an engine and its ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Flaw {
    /// A write under a stale lease is taken.
    LeaseNotChecked,
    /// A job is given to whoever claims it, though another works on it.
    LeaseIgnored,
    /// A lease never runs out.
    LeaseForEver,
    /// A step is recorded as done before it is.
    StepDoneTooEarly,
    /// The end of a job is not always written.
    EndLost,
    /// An ended job is set back to running.
    EndReopened,
    /// A new job is acknowledged, but not always written.
    JobLost,
    /// A write to a record does not look at its version.
    VersionIgnored,
    /// Versions of a record begin anew.
    VersionReset,
    /// Events are written twice.
    EventsDoubled,
    /// Events are not always written.
    EventsLost,
    /// A secret stands in an event.
    SecretInEvent,
    /// A secret stands in a label.
    SecretInLabel,
    /// A container lacks the label that says whose it is.
    LabelMissing,
    /// The key of a container is another one with each try.
    KeyAtRandom,
    /// A container is made under another name with each try.
    NameAtRandom,
    /// A container that is to be removed stays.
    RemovalSkipped,
    /// A container that is to be stopped runs on.
    StopSkipped,
    /// A network that is to be removed stays.
    NetworkLeft,
    /// The running containers of an app are stopped before the next is started.
    OldStoppedFirst,
    /// Requests go to a release as soon as it is a candidate.
    RoutedTooEarly,
    /// Every probe says that all is well.
    ProbeLies,
    /// A route is not always carried out.
    RouteLost,
}

impl Flaw {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::LeaseNotChecked,
        Self::LeaseIgnored,
        Self::LeaseForEver,
        Self::StepDoneTooEarly,
        Self::EndLost,
        Self::EndReopened,
        Self::JobLost,
        Self::VersionIgnored,
        Self::VersionReset,
        Self::EventsDoubled,
        Self::EventsLost,
        Self::SecretInEvent,
        Self::SecretInLabel,
        Self::LabelMissing,
        Self::KeyAtRandom,
        Self::NameAtRandom,
        Self::RemovalSkipped,
        Self::StopSkipped,
        Self::NetworkLeft,
        Self::OldStoppedFirst,
        Self::RoutedTooEarly,
        Self::ProbeLies,
        Self::RouteLost,
    ];
}
