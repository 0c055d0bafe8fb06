//! What every [`CloudProvider`](crate::cloud::CloudProvider) does, one function a behaviour.
//!
//! Run them all with [`cloud_provider_suite!`](crate::cloud_provider_suite), which makes a test of each. One
//! that needs what the provider does not have (a sub-port, a capability) is skipped, and says so.

mod beyond;
mod catalog;
mod env;
mod life;

pub use beyond::*;
pub use catalog::*;
pub use env::{CloudEnv, attempt, run};
pub use life::*;

/// Makes a module with one `#[tokio::test]` per behaviour of a cloud provider. `$make` is a path to an
/// `async fn() -> Option<CloudEnv>`, called once for each test; `None` skips it.
///
/// ```
/// use byop_core::testing::cloud_provider_suite::CloudEnv;
///
/// async fn make() -> Option<CloudEnv> {
///     Some(CloudEnv::fake())
/// }
/// byop_core::cloud_provider_suite!(fake_cloud, super::make);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! cloud_provider_suite {
    ($module:ident, $make:path) => {
        mod $module {
            $crate::cloud_provider_suite! { @each $make;
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
        }
    };
    (@each $make:path; $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                if let Some(env) = $make().await {
                    $crate::testing::cloud_provider_suite::run(
                        env,
                        $crate::testing::cloud_provider_suite::$name,
                    )
                    .await;
                }
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    use super::{CloudEnv, attempt};

    #[tokio::test]
    async fn a_behaviour_that_lacks_what_it_needs_says_why_it_is_skipped() {
        let mut env = CloudEnv::fake();
        env.larger_size = None;
        let why = attempt(env, super::the_same_key_for_another_spec_is_a_conflict).await;
        assert_eq!(why, Some("the suite was not given a larger size"));
    }

    #[tokio::test]
    async fn a_behaviour_that_passes_is_not_skipped() {
        let env = CloudEnv::fake();
        assert_eq!(attempt(env, super::the_same_key_for_another_spec_is_a_conflict).await, None);
    }

    /// A behaviour that is written but not listed would never run.
    #[test]
    fn every_behaviour_is_in_the_macro() {
        let listed = include_str!("cloud_provider_suite.rs");
        let mut count = 0;
        for file in [
            include_str!("cloud_provider_suite/beyond.rs"),
            include_str!("cloud_provider_suite/catalog.rs"),
            include_str!("cloud_provider_suite/life.rs"),
        ] {
            for line in file.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let name = line.split('(').next().unwrap();
                assert!(listed.lines().any(|line| line.trim() == name), "{name} is not in the list");
                count += 1;
            }
        }
        assert!(count > 35);
    }
}
