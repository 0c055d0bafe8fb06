//! The behaviour suite of cloud providers, for those written in Python.

use std::sync::Arc;
use std::time::Duration;

use byop_core::model::ServerId;
use byop_core::testing::cloud_provider_suite::{self as suite, CloudEnv};
use byop_core::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::clouds::cloud_of;
use crate::error::raise;
use crate::process::Process;

/// What a provider is tried with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    region: String,
    size: String,
    image: String,
    larger_size: Option<String>,
    foreign: Option<String>,
    pause_seconds: f64,
    deadline_seconds: f64,
}

/// Tries one behaviour of a provider, and returns why it was skipped; what the provider does wrong is an error.
#[pyfunction]
pub(crate) fn check_cloud_provider(
    py: Python<'_>,
    provider: Bound<'_, PyAny>,
    behaviour: String,
    settings: &str,
) -> PyResult<Option<&'static str>> {
    let fail = |error: Error| raise(py, &error);
    let settings: Settings = serde_json::from_str(settings).map_err(|error| {
        fail(Error::invalid("cloud.check", format!("a setting cannot be taken: {error}")))
    })?;
    let provider = cloud_of(&provider)?;
    let process = Process::current().map_err(fail)?;
    let time = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let mut env = CloudEnv::new(Arc::clone(&provider), settings.region, settings.size, settings.image)
        .with_pause(time(settings.pause_seconds))
        .with_deadline(time(settings.deadline_seconds));
    if let Some(size) = settings.larger_size {
        env = env.with_larger_size(size);
    }
    if let Some(id) = settings.foreign {
        env = env.with_foreign_server(ServerId(id));
    }
    process.block(py, Box::pin(check(env, behaviour)))
}

/// The names of the behaviours.
#[pyfunction]
pub(crate) fn cloud_behaviours() -> Vec<&'static str> {
    BEHAVIOURS.to_vec()
}

macro_rules! behaviours {
    ($($name:ident)*) => {
        const BEHAVIOURS: &[&str] = &[$(stringify!($name)),*];

        async fn check(env: CloudEnv, behaviour: String) -> Result<Option<&'static str>> {
            match behaviour.as_str() {
                $(stringify!($name) => Ok(suite::attempt(env, suite::$name).await),)*
                _ => {
                    let error = Error::new(ErrorKind::NotFound, "cloud.check", "there is no such behaviour");
                    Err(error.with_context("behaviour", behaviour))
                }
            }
        }
    };
}

// Those of `cloud_provider_suite!`; a test compares the lists.
behaviours! {
    the_provider_has_a_name
    regions_are_listed
    sizes_are_listed_with_what_they_have
    a_size_is_found_by_its_id
    an_unknown_size_is_none
    sizes_of_an_unknown_region_are_not_found
    an_image_is_found_by_its_name_and_its_id
    an_unknown_image_is_none
    a_server_comes_to_run_and_can_be_reached
    a_server_is_told_as_it_was_asked_for
    the_same_key_gives_the_same_server
    the_same_key_for_another_spec_is_a_conflict
    a_unique_key_gives_one_server_at_the_same_time
    an_unknown_size_is_refused
    an_unknown_image_is_refused
    user_data_that_is_too_large_is_refused
    a_server_is_listed_by_its_key
    a_server_is_listed_by_its_labels
    servers_of_another_region_are_left_out
    servers_are_listed_from_every_page_oldest_first
    a_deleted_server_is_not_found_and_not_listed
    deleting_a_server_twice_is_ok
    deleting_a_server_that_still_starts_is_ok
    a_deleted_server_cannot_be_switched_on
    a_server_is_stopped_and_started_again
    a_power_state_that_it_has_already_is_ok
    a_running_server_cannot_be_resized
    a_stopped_server_is_resized
    a_server_is_among_the_resources
    a_server_can_be_deleted_as_a_resource
    what_was_not_made_by_byop_is_left_alone
    an_ssh_key_is_brought_once
    what_is_no_ssh_key_is_refused
    a_server_is_made_with_an_ssh_key
    deleting_an_ssh_key_twice_is_ok
    a_firewall_is_made_once
    a_rule_that_cannot_be_is_refused
    a_firewall_goes_after_its_server
    an_address_is_reserved_once
    a_reserved_address_is_led_to_another_server
    a_reserved_address_outlives_its_server
    an_address_for_a_missing_server_is_not_found
    a_snapshot_is_made_once_and_becomes_an_image
}
