//! What is sent, and how often.

use std::sync::Arc;

use base64::Engine as _;
use byop_cloud::aws::{Aws, PriceTable};
use byop_cloud::testing::Simulator;
use byop_cloud::testing::aws::AwsSimulator;
use byop_core::ErrorKind;
use byop_core::cloud::{CloudProvider, Firewalls, Snapshots, SshKeys, is_no_capacity};
use byop_core::model::{
    FirewallRule, FirewallSpec, Price, Protocol, RegionId, ResourceKind, ServerFilter, ServerState,
};
use tokio::time::advance;

use crate::support::{IMAGE, REGION, Script, on, real_times, response, scripted, seconds, simulated, spec};

fn region() -> RegionId {
    RegionId(REGION.into())
}

/// Takes from the actions so far what a test is not about.
fn actions(simulator: &AwsSimulator) -> Vec<String> {
    simulator.actions()
}

#[tokio::test]
async fn a_server_is_one_call_once_its_image_is_known() {
    let (aws, simulator) = simulated();
    let image = aws.find_image(&region(), "debian-12").await.unwrap().unwrap();
    assert_eq!((image.id.as_str(), image.user.as_deref()), (IMAGE, Some("admin")));
    let before = actions(&simulator).len();
    for key in ["a", "b", "c"] {
        aws.create_server(&spec(key)).await.unwrap();
    }
    assert_eq!(actions(&simulator)[before..], ["RunInstances"; 3]);
}

#[tokio::test]
async fn the_parameters_of_a_server_are_what_the_contract_says() {
    let (aws, simulator) = simulated();
    let spec = spec("key1").with_label("role", "web").with_user_data("#!/bin/sh\ntrue\n".to_owned());
    aws.create_server(&spec).await.unwrap();
    let sent = simulator.last_call("RunInstances").unwrap();
    for (name, value) in [
        ("ImageId", IMAGE),
        ("InstanceType", "t3.micro"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("ClientToken", "byop-key1"),
        ("InstanceInitiatedShutdownBehavior", "stop"),
        ("MetadataOptions.HttpTokens", "required"),
        ("MetadataOptions.HttpEndpoint", "enabled"),
        ("MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
        ("BlockDeviceMapping.1.Ebs.VolumeType", "gp3"),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "20"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.2.ResourceType", "volume"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
    for kind in [1, 2] {
        let tag = |n: usize| {
            let tag = format!("TagSpecification.{kind}.Tag.{n}");
            (sent[&format!("{tag}.Key")].as_str(), sent[&format!("{tag}.Value")].as_str())
        };
        let tags: Vec<_> = (1..=5).map(tag).collect();
        assert_eq!(
            tags,
            [("byop", "1"), ("Name", "web-1"), ("byop-id", "web-1"), ("byop-req", "key1"), ("role", "web")]
        );
    }
    assert!(!sent.keys().any(|name| name.contains("SecurityGroup") || name.contains("NetworkInterface")));
}

#[tokio::test]
async fn in_a_subnet_the_card_carries_address_and_groups() {
    let (aws, simulator) = simulated();
    let aws = aws.with_subnet("subnet-1").with_disk_gib(30);
    let firewall =
        FirewallSpec::new("key1", "web-1", region()).with_rule(FirewallRule::new(Protocol::Tcp, 22));
    let firewall = aws.apply_firewall(&firewall).await.unwrap();
    assert_eq!(simulator.last_call("CreateSecurityGroup").unwrap()["VpcId"], "vpc-of-subnet");
    aws.create_server(&spec("key1").with_firewall(firewall.clone())).await.unwrap();
    let sent = simulator.last_call("RunInstances").unwrap();
    let group = firewall.0.split_once('/').unwrap().1;
    for (name, value) in [
        ("NetworkInterface.1.DeviceIndex", "0"),
        ("NetworkInterface.1.SubnetId", "subnet-1"),
        ("NetworkInterface.1.AssociatePublicIpAddress", "true"),
        ("NetworkInterface.1.SecurityGroupId.1", group),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "30"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!sent.contains_key("SecurityGroupId.1"));
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_the_same_request_with_a_new_signature() {
    let image = "<R><imagesSet><item><imageId>ami-00000000000000d12</imageId><imageState>available</imageState>\
                 <rootDeviceName>/dev/xvda</rootDeviceName></item></imagesSet></R>";
    let made = "<R><instancesSet><item><instanceId>i-1</instanceId><instanceState><name>pending</name></instanceState>\
                </item></instancesSet></R>";
    let script = Script::new([response(200, image), response(500, ""), response(200, made)]);
    tokio::time::pause();
    let aws = scripted(&script).with_policy(byop_cloud::http::RetryPolicy::default());
    aws.create_server(&spec("key1")).await.unwrap();
    let sent = script.sent();
    assert_eq!((sent.len(), &sent[1].body), (3, &sent[2].body));
}

#[tokio::test]
async fn the_root_device_of_an_image_is_asked_for_once() {
    let (aws, simulator) = simulated();
    for key in ["a", "b"] {
        aws.create_server(&spec(key)).await.unwrap();
    }
    assert_eq!(actions(&simulator), ["DescribeImages", "RunInstances", "RunInstances"]);
}

#[tokio::test]
async fn sizes_are_asked_for_once_by_many() {
    let (aws, simulator) = simulated();
    let (here, other) = (region(), region());
    let (one, two) = tokio::join!(aws.list_sizes(&here), aws.list_sizes(&other));
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(actions(&simulator), ["DescribeInstanceTypes"]);
    // One of them is known with the others.
    assert!(aws.find_size(&here, "t3.micro").await.unwrap().is_some());
    assert_eq!(actions(&simulator).len(), 1);
}

#[tokio::test]
async fn one_size_is_asked_for_alone_and_once() {
    let (aws, simulator) = simulated();
    let (here, other) = (region(), region());
    let (one, two) = tokio::join!(aws.find_size(&here, "t3.micro"), aws.find_size(&other, "t3.micro"));
    assert_eq!(one.unwrap().map(|size| size.id).as_deref(), Some("t3.micro"));
    assert!(two.unwrap().is_some());
    assert_eq!(actions(&simulator), ["DescribeInstanceTypes"]);
}

#[tokio::test]
async fn prices_come_from_a_table_that_can_be_replaced() {
    let (aws, _) = simulated();
    let price = |sizes: Vec<byop_core::model::ServerSize>, name: &str| {
        sizes.into_iter().find(|size| size.id == name).unwrap().price.map(|price| price.hourly.micros)
    };
    assert_eq!(price(aws.list_sizes(&region()).await.unwrap(), "t3.micro"), Some(11_800));
    let table = PriceTable::new("2026-11-21").with_price(REGION, "t3.micro", Price::new(7, "EUR"));
    let aws = aws.with_prices(table);
    assert_eq!(price(aws.list_sizes(&region()).await.unwrap(), "t3.micro"), Some(7));
    assert_eq!(price(aws.list_sizes(&region()).await.unwrap(), "t3.small"), None);
}

#[tokio::test]
async fn images_are_found_by_parameter_by_name_and_by_architecture() {
    let (aws, _) = simulated();
    for (name, id, architecture) in [
        ("debian-12", IMAGE, "x86_64"),
        ("debian-12-arm64", "ami-00000000000000a12", "aarch64"),
        // Nobody wrote a parameter of it, and the newest of its maker counts.
        ("ubuntu-24.04", "ami-0000000000000024b", "x86_64"),
        ("/aws/service/debian/release/12/latest/arm64", "ami-00000000000000a12", "aarch64"),
    ] {
        let image = aws.find_image(&region(), name).await.unwrap().unwrap();
        assert_eq!((image.id.as_str(), image.architecture.as_str()), (id, architecture), "{name}");
    }
    assert_eq!(aws.find_image(&region(), "debian-13").await.unwrap(), None);
}

#[tokio::test]
async fn all_regions_are_listed_and_the_account_is_asked_for_them_once() {
    let simulator = Arc::new(AwsSimulator::new());
    let aws = on(&simulator).with_regions([]);
    for name in ["eu-west-3", "us-east-2"] {
        let mut spec = spec(&name.replace('-', ""));
        spec.region = RegionId(name.into());
        aws.create_server(&spec).await.unwrap();
    }
    let mut regions: Vec<_> = aws
        .list_servers(&ServerFilter::all())
        .await
        .unwrap()
        .into_iter()
        .map(|server| server.region.0)
        .collect();
    regions.sort();
    assert_eq!(regions, ["eu-west-3", "us-east-2"]);
    assert_eq!(actions(&simulator).iter().filter(|action| *action == "DescribeRegions").count(), 1);
}

#[tokio::test]
async fn a_server_that_cannot_start_is_failed_until_it_is_removed() {
    tokio::time::pause();
    let (aws, simulator) = simulated();
    simulator.set_times(real_times());
    simulator.break_servers(1);
    let id = aws.create_server(&spec("key1")).await.unwrap().id;
    advance(seconds(30)).await;
    let server = aws.get_server(&id).await.unwrap();
    assert_eq!(server.state, ServerState::Failed);
    assert!(server.failure.unwrap().contains("InsufficientInstanceCapacity"));
    aws.delete_server(&id).await.unwrap();
    assert_eq!(aws.get_server(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(aws.list_servers(&ServerFilter::all()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_key_of_a_server_that_was_removed_is_a_conflict() {
    let (aws, _) = simulated();
    let id = aws.create_server(&spec("key1")).await.unwrap().id;
    aws.delete_server(&id).await.unwrap();
    assert_eq!(aws.get_server(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(aws.create_server(&spec("key1")).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn another_process_with_the_same_key_gets_the_same_server() {
    let simulator = Arc::new(AwsSimulator::new().with_times(real_times()));
    let first = on(&simulator).create_server(&spec("key1")).await.unwrap();
    // Lists do not show it yet; the vendor knows the key.
    assert_eq!(on(&simulator).create_server(&spec("key1")).await.unwrap().id, first.id);
    let other = spec("key1").with_user_data("#!/bin/sh\n".to_owned());
    assert_eq!(on(&simulator).create_server(&other).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn quota_and_capacity_are_told_apart() {
    let (aws, simulator) = simulated();
    simulator.sell_out("t3.micro");
    assert!(is_no_capacity(&aws.create_server(&spec("key1")).await.unwrap_err()));
    simulator.set_quota(0);
    let mut small = spec("key2");
    small.size = "t3.small".into();
    assert_eq!(aws.create_server(&small).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
}

#[tokio::test]
async fn the_disks_of_a_snapshot_go_with_it_and_are_found_if_they_did_not() {
    let (aws, simulator) = simulated();
    let server = aws.create_server(&spec("key1")).await.unwrap().id;
    aws.get_server(&server).await.unwrap();
    let id = aws.create_snapshot("key2", &server).await.unwrap().id;
    let listed = aws.list_resources().await.unwrap();
    let snapshots = || listed.iter().filter(|found| found.kind == ResourceKind::Snapshot);
    assert_eq!(snapshots().map(|found| found.id.as_str()).collect::<Vec<_>>(), [id.0.as_str()]);
    aws.delete_resource(ResourceKind::Snapshot, &id.0).await.unwrap();
    let left = simulator.ledger().into_iter().filter(|entry| entry.gone_at.is_none());
    assert_eq!(left.map(|entry| entry.kind).collect::<Vec<_>>(), [ResourceKind::Server]);
}

#[tokio::test]
async fn further_ssh_keys_come_with_the_user_data() {
    let script = Arc::new(AwsSimulator::new());
    let aws = on(&script);
    let mut spec = spec("key1").with_user_data("#cloud-config\npackages: []\n".to_owned());
    for letter in ["a", "b"] {
        let key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}", letter.repeat(43));
        spec = spec.with_ssh_key(aws.apply_ssh_key(&region(), &key).await.unwrap());
    }
    aws.create_server(&spec).await.unwrap();
    assert_eq!(actions(&script)[2..], ["DescribeImages", "DescribeKeyPairs", "RunInstances"]);
}

#[tokio::test]
async fn user_data_is_sent_in_base_64_and_packed_when_it_is_long() {
    let image = "<R><imagesSet><item><imageId>ami-00000000000000d12</imageId><imageState>available</imageState>\
                 </item></imagesSet></R>";
    let made = "<R><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet></R>";
    for (text, start) in [
        ("#!/bin/sh\ntrue\n".to_owned(), &b"#!/bin/sh\ntrue\n"[..]),
        ("# words\n".repeat(4000), &[0x1F, 0x8B][..]),
    ] {
        let script = Script::new([response(200, image), response(200, made)]);
        scripted(&script).create_server(&spec("key1").with_user_data(text)).await.unwrap();
        let body = String::from_utf8(script.sent()[1].body.clone()).unwrap();
        let data = body.split('&').find_map(|pair| pair.strip_prefix("UserData=")).unwrap();
        let data = data.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
        assert!(bytes.starts_with(start) && bytes.len() <= 16 * 1024);
    }
}

#[tokio::test]
async fn planted_things_are_listed_and_removed_and_foreign_ones_are_not() {
    let (aws, simulator) = simulated();
    let mut planted: Vec<_> =
        simulator.kinds().iter().map(|kind| (*kind, simulator.plant(*kind, "lost"))).collect();
    let theirs: Vec<_> =
        simulator.kinds().iter().map(|kind| (*kind, simulator.plant_foreign(*kind, "lost"))).collect();
    let before = simulator.foreign();
    let mut listed: Vec<_> =
        aws.list_resources().await.unwrap().into_iter().map(|found| (found.kind, found.id)).collect();
    listed.sort();
    planted.sort();
    assert_eq!(listed, planted);
    for (kind, id) in &theirs {
        let error = aws.delete_resource(*kind, id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{kind:?}");
    }
    for (kind, id) in &planted {
        aws.delete_resource(*kind, id).await.unwrap();
    }
    assert!(aws.list_resources().await.unwrap().is_empty());
    assert_eq!((simulator.foreign(), simulator.complaints()), (before, Vec::<String>::new()));
}

#[tokio::test]
async fn the_account_tells_whose_the_credentials_are() {
    let (aws, simulator) = simulated();
    assert_eq!(aws.account().await.unwrap(), "123456789012");
    assert_eq!(actions(&simulator), ["GetCallerIdentity"]);
}

#[tokio::test]
async fn wrong_keys_are_unauthenticated() {
    let simulator: Arc<AwsSimulator> = Arc::new(AwsSimulator::new());
    let options = AwsSimulator::options().with_setting("AWS_SESSION_TOKEN", "another".to_owned());
    let transport = byop_cloud::testing::Simulated::new(simulator);
    let aws = Aws::from_options(&options).unwrap().with_transport(Arc::new(transport));
    assert_eq!(aws.account().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}
