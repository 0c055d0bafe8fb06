//! What becomes of the keys of a service that byop does not take.

use super::Finding;

/// Why a key has no effect; `None` for one that reaches nothing with this value.
pub(super) fn judge(key: &str, value: &serde_json::Value) -> Option<(Finding, &'static str)> {
    let text = value.as_str().unwrap_or_default();
    let is_empty = value.is_null() || value == false || value.as_array().is_some_and(Vec::is_empty);
    let found = match key {
        "privileged"
        | "cap_add"
        | "devices"
        | "device_cgroup_rules"
        | "sysctls"
        | "gpus"
        | "runtime"
        | "group_add"
        | "credential_spec"
        | "oom_kill_disable"
        | "oom_score_adj"
        | "cgroup_parent"
        | "userns_mode" => {
            if is_empty {
                return None;
            }
            (Finding::Dangerous, "containers have no rights beyond their own")
        }
        "pid" | "ipc" | "uts" | "cgroup" => {
            (Finding::Dangerous, "containers share nothing with the host or others")
        }
        "network_mode" if matches!(text, "bridge" | "default") => {
            (Finding::Settled, "each app has a network of its own")
        }
        "network_mode" => (Finding::Dangerous, "each app has a network of its own"),
        "security_opt" => {
            let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let is_strict = |value: &serde_json::Value| {
                value
                    .as_str()
                    .is_some_and(|text| text.starts_with("no-new-privileges") && !text.ends_with("false"))
            };
            match list.iter().all(is_strict) {
                true => (Finding::Settled, "it holds for all containers"),
                false => (Finding::Dangerous, "containers are confined as byop does it"),
            }
        }
        "extends" | "volumes_from" | "external_links" | "links" => {
            (Finding::Dangerous, "it takes in what is not written here")
        }
        "restart" | "networks" | "container_name" | "labels" | "logging" | "init" | "read_only"
        | "cap_drop" | "hostname" | "pull_policy" | "mem_limit" | "memswap_limit" | "mem_reservation"
        | "cpus" | "pids_limit" | "tmpfs" | "deploy" | "stop_grace_period" | "stop_signal" | "attach"
        | "develop" | "tty" | "stdin_open" | "annotations" | "scale" | "ulimits" | "shm_size" => {
            (Finding::Settled, "byop settles it itself")
        }
        _ => (Finding::Unsupported, "byop does not read it"),
    };
    Some(found)
}
