//! What every [`ContainerRuntime`](crate::runtime::ContainerRuntime) does, one function a behaviour.
//!
//! Run them all with [`container_runtime_suite!`](crate::container_runtime_suite), which makes a test of each.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod containers;
mod env;
mod images;
mod inside;
mod limits;
mod logs;
mod networks;
mod volumes;

pub use containers::*;
pub use env::{Program, RuntimeEnv, run};
pub use images::*;
pub use inside::*;
pub use limits::*;
pub use logs::*;
pub use networks::*;
pub use volumes::*;

/// Makes a `#[tokio::test]` of each behaviour of a container runtime. The argument is the path of an
/// `async fn() -> Option<RuntimeEnv>`, called once for each test; `None` skips it.
///
/// ```
/// use byop_core::testing::runtime_suite::RuntimeEnv;
///
/// async fn make() -> Option<RuntimeEnv> {
///     Some(RuntimeEnv::fake())
/// }
///
/// byop_core::container_runtime_suite!(make);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! container_runtime_suite {
    ($make:path) => {
        $crate::container_runtime_suite! { @ $make;
            the_engine_says_what_it_is
            creating_the_same_container_twice_gives_the_same_id
            creating_at_the_same_time_gives_the_same_id
            creating_again_joins_the_networks_that_are_missing
            a_name_that_another_container_has_is_refused
            a_name_without_a_key_is_never_taken_over
            a_container_of_a_missing_image_is_not_created
            a_container_in_a_missing_network_is_not_created
            a_container_with_a_missing_volume_is_not_created
            a_name_that_is_none_is_refused
            a_created_container_does_not_run
            starting_twice_is_ok
            starting_a_missing_container_is_not_found
            a_program_that_the_image_lacks_cannot_be_started
            stopping_twice_is_ok
            stopping_a_missing_container_is_not_found
            a_program_may_end_by_itself_when_it_is_stopped
            a_program_that_ignores_the_stop_is_ended_after_the_grace
            a_stopped_container_can_be_started_again
            removing_a_running_container_is_ok
            removing_a_missing_container_is_ok
            inspecting_a_missing_container_is_not_found
            a_container_is_found_by_its_name_and_its_id
            the_exit_code_is_kept
            the_setup_is_read_back
            a_crashed_program_is_started_again_when_asked
            a_container_that_was_stopped_on_purpose_stays_stopped
            containers_are_listed_by_label_in_order_of_name
            events_tell_what_happens_to_labelled_containers
            a_check_that_passes_makes_a_container_healthy
            a_check_that_fails_makes_a_container_unhealthy
            a_container_without_a_check_has_no_health
            a_command_gives_its_output_and_exit_code
            a_command_that_fails_gives_its_error_output
            a_command_in_a_stopped_container_is_a_conflict
            a_command_in_a_missing_container_is_not_found
            a_command_that_the_image_lacks_is_refused
            a_command_runs_as_the_user_it_names
            the_environment_reaches_the_program
            an_uploaded_file_can_be_read
            uploading_into_a_missing_folder_is_not_found
            uploading_into_a_read_only_root_is_denied
            the_root_cannot_be_written_to
            a_declared_folder_in_memory_can_be_written_to
            no_capability_and_no_new_privilege_is_left
            capabilities_are_added_when_asked_for
            a_program_that_needs_too_much_memory_is_ended_and_flagged
            a_program_cannot_start_more_processes_than_allowed
            usage_of_a_running_container_is_told_at_once
            a_stopped_container_uses_nothing
            usage_of_a_missing_container_is_not_found
            lines_come_in_order_and_with_their_stream
            the_tail_is_the_last_lines
            reading_goes_on_after_a_cursor
            a_followed_log_ends_with_the_container
            a_followed_log_gives_lines_as_they_come
            logs_of_a_missing_container_are_not_found
            creating_a_network_twice_is_ok
            removing_a_missing_network_is_ok
            a_network_in_use_cannot_be_removed
            networks_are_listed_by_label
            containers_meet_by_name_and_alias_in_a_network
            containers_in_different_networks_do_not_meet
            joining_a_network_twice_is_ok
            joining_a_missing_network_is_not_found
            leaving_a_network_that_was_not_joined_is_ok
            a_shared_network_is_reached_at_loopback
            a_published_port_is_chosen_and_told
            a_published_port_that_is_taken_is_a_conflict
            a_port_is_published_for_each_protocol
            creating_a_volume_twice_keeps_its_labels
            removing_a_missing_volume_is_ok
            a_volume_in_use_cannot_be_removed
            a_volume_outlives_its_container
            a_read_only_volume_cannot_be_written_to
            volumes_are_listed_by_label
            tagging_twice_is_ok
            tagging_a_missing_image_is_not_found
            removing_a_missing_image_is_ok
            removing_one_name_keeps_the_image
            an_image_in_use_cannot_be_removed
            inspecting_a_missing_image_is_not_found
            a_build_tells_its_steps_and_ends_with_the_image
            a_failed_build_names_the_step_and_quotes_the_output
            a_build_without_its_dockerfile_is_refused
            images_are_listed_by_label
            images_are_listed_newest_first
        }
    };
    (@ $make:path; $($name:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(env) = $make().await {
                    $crate::testing::runtime_suite::run(env, $crate::testing::runtime_suite::$name).await;
                }
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A behaviour that is written but not listed would never run.
    #[test]
    fn every_behaviour_is_in_the_macro() {
        let listed = include_str!("runtime_suite.rs");
        let mut count = 0;
        for file in [
            include_str!("runtime_suite/containers.rs"),
            include_str!("runtime_suite/images.rs"),
            include_str!("runtime_suite/inside.rs"),
            include_str!("runtime_suite/limits.rs"),
            include_str!("runtime_suite/logs.rs"),
            include_str!("runtime_suite/networks.rs"),
            include_str!("runtime_suite/volumes.rs"),
        ] {
            for line in file.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let name = line.split('(').next().unwrap();
                assert!(listed.lines().any(|line| line.trim() == name), "{name} is not in the list");
                count += 1;
            }
        }
        assert!(count > 30);
    }
}
