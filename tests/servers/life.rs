//! Servers come and go.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use byop_core::model::ResourceKind;
use byop_core::testing::CloudTimes;
use serde_json::Value;

use crate::cloud::Cloud;

/// The ids of the servers in some lines.
pub fn ids(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().map(|line| line["server"]["id"].as_str().expect("a server").to_owned()).collect()
}

pub fn servers_come_and_go(cloud: Cloud) {
    let program = &cloud.program;
    let foreign = cloud.simulator().plant_foreign(ResourceKind::Server, "web-1");
    let key = program.file(
        "id.pub",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ ann\n",
    );
    let data = program.file("first-boot", "#cloud-config\n# canary-of-user-data\n");
    let mut words =
        vec!["create", "--name", "web", "--count", "3", "--region", cloud.region, "--size", cloud.size];
    words.extend(["--ssh-key", &key, "--user-data", &data]);

    let made = program.json(&words);
    assert_eq!(made.len(), 3);
    for line in &made {
        assert_eq!(
            (&line["state"], &line["server"]["state"]),
            (&"ready".into(), &"running".into()),
            "{line}"
        );
        assert!(line["server"]["addresses"][0].is_string(), "{line}");
    }
    assert_eq!(ids(&program.json(&words)), ids(&made), "a second call makes nothing");
    assert_eq!(ids(&program.json(&["list"])), ids(&made));
    let one = program.json(&["get", "--name", "web-2"]);
    assert_eq!((one.len(), &one[0]["name"]), (1, &"web-2".into()));
    let said = program.run(&["list"]);
    assert!(said.out.lines().count() == 3 && said.out.contains("web-3  running"), "{}", said.out);
    assert_eq!(cloud.present(ResourceKind::Server), 4);

    let orphan = cloud.simulator().plant(ResourceKind::Server, "lost");
    let servers = |lines: Vec<Value>| -> Vec<Value> {
        lines.into_iter().filter(|line| line["resource"]["kind"] == "server").collect()
    };
    let found = servers(program.json(&["sweep"]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["resource"]["id"], &found[0]["removed"]), (&orphan.clone().into(), &false.into()));
    let removed = servers(program.json(&["sweep", "--remove"]));
    assert_eq!((removed.len(), &removed[0]["removed"]), (1, &true.into()));

    let gone = program.json(&["destroy", "--name", "web", "--count", "3"]);
    assert!(gone.len() == 3 && gone.iter().all(|line| line["destroyed"] == true), "{gone:?}");
    let again = program.json(&["destroy", "--name", "web-1"]);
    assert_eq!((again.len(), &again[0]["destroyed"]), (1, &false.into()));
    assert_eq!(program.json(&["list"]).len() + servers(program.json(&["sweep"])).len(), 0);
    let ledger = cloud.simulator().ledger();
    let left: Vec<_> = ledger.iter().filter(|entry| entry.gone_at.is_none() && entry.marked).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(ledger.iter().any(|entry| entry.id == foreign && entry.gone_at.is_none()), "{foreign}");
    assert_eq!(cloud.simulator().complaints(), Vec::<String>::new());
}

pub fn killed_it_goes_on(cloud: Cloud) {
    let program = &cloud.program;
    cloud.simulator().set_times(CloudTimes { boot: Duration::from_secs(3), ..CloudTimes::default() });
    let words = ["create", "--name", "web", "--count", "3", "--region", cloud.region, "--size", cloud.size];
    let mut child = program.start(&words);
    // All are asked for, and none runs.
    let end = Instant::now() + Duration::from_secs(60);
    while cloud.present(ResourceKind::Server) < 3 {
        assert!(Instant::now() < end, "the servers were not asked for");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let made = program.json(&words);
    assert_eq!(ids(&made).len(), 3);
    assert!(made.iter().all(|line| line["server"]["state"] == "running"), "{made:?}");
    let servers = cloud.simulator().ledger().into_iter().filter(|entry| entry.kind == ResourceKind::Server);
    assert_eq!(servers.count(), 3, "none was made twice");
    assert_eq!(program.json(&["sweep"]).len(), 0);
}
