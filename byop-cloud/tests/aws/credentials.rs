//! Where keys come from, when they are renewed, and that they are never shown.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use byop_cloud::aws::Aws;
use byop_cloud::http::{Request, Response};
use byop_cloud::registry::ProviderOptions;
use byop_cloud::testing::aws::AwsSimulator;
use byop_cloud::testing::{Simulated, Simulator};
use byop_core::ErrorKind;
use byop_core::clock::{Clock, ManualClock};
use byop_core::cloud::CloudProvider;
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing::span;

use crate::support::{Script, once, response, spec};

const IDENTITY: &str = "<R><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></R>";

fn aws(options: &ProviderOptions, script: &Arc<Script>) -> Aws {
    Aws::from_options(options).unwrap().with_transport(Arc::<Script>::clone(script)).with_policy(once())
}

fn options(settings: &[(&str, &str)]) -> ProviderOptions {
    settings.iter().fold(ProviderOptions::new(), |options, (name, value)| {
        options.with_setting(*name, (*value).to_owned())
    })
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.expose().to_owned())
}

/// The key that a request was signed with.
fn signer(request: &Request) -> String {
    let authorization = header(request, "authorization").unwrap();
    authorization.split("Credential=").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

fn handed(id: &str, end: &str) -> Response {
    response(
        200,
        format!(
            r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"canary-s","Token":"canary-t","Expiration":"{end}"}}"#
        ),
    )
}

#[tokio::test]
async fn keys_of_the_environment_win() {
    let script = Script::new([response(200, IDENTITY)]);
    let options = options(&[
        ("AWS_ACCESS_KEY_ID", "ENV"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_SESSION_TOKEN", "t"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds"),
    ]);
    aws(&options, &script).account().await.unwrap();
    let sent = script.sent();
    assert_eq!(
        (signer(&sent[0]).as_str(), header(&sent[0], "x-amz-security-token").as_deref()),
        ("ENV", Some("t"))
    );
}

fn files() -> TempDir {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    let credentials = "# mine\n[default]\naws_access_key_id = DEFAULT\naws_secret_access_key=s\n\n[work]\n\
                       aws_access_key_id=WORK\naws_secret_access_key = s\naws_session_token = t\n[half]\naws_access_key_id=X\n";
    let config = "[default]\nregion = eu-west-1\n[profile work]\nregion=eu-west-3 # near\ns3 =\n  region = nowhere\n\
                  [profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = work\n";
    fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
    fs::write(home.path().join(".aws/config"), config).unwrap();
    home
}

#[tokio::test]
async fn profiles_give_keys_and_a_region() {
    let home = files();
    let home = home.path().to_str().unwrap();
    for (profile, id, host) in [(None, "DEFAULT", "sts.eu-west-1"), (Some("work"), "WORK", "sts.eu-west-3")] {
        let script = Script::new([response(200, IDENTITY)]);
        let mut options = options(&[("HOME", home)]);
        if let Some(profile) = profile {
            options = options.with_setting("AWS_PROFILE", profile.to_owned());
        }
        aws(&options, &script).account().await.unwrap();
        let sent = script.sent();
        assert_eq!(signer(&sent[0]), id);
        assert!(sent[0].url.contains(host), "{}", sent[0].url);
    }
}

#[tokio::test]
async fn a_file_may_be_elsewhere() {
    let home = files();
    let file = home.path().join(".aws/credentials");
    let script = Script::new([response(200, IDENTITY)]);
    let options =
        options(&[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()), ("AWS_PROFILE", "work")]);
    aws(&options, &script).account().await.unwrap();
    assert_eq!(signer(&script.sent()[0]), "WORK");
}

#[test]
fn a_profile_that_is_of_no_use_says_why() {
    let home = files();
    let home = home.path().to_str().unwrap();
    for (profile, word) in
        [("nobody", "no such profile"), ("half", "half of a key"), ("role", "does not get keys")]
    {
        let options = options(&[("HOME", home), ("AWS_PROFILE", profile)]);
        let error = Aws::from_options(&options).unwrap_err();
        assert_eq!((error.kind(), error.context("profile")), (ErrorKind::Unauthenticated, Some(profile)));
        assert!(error.message().contains(word) && error.remedy().is_some(), "{error:?}");
    }
    let error = Aws::from_options(&options(&[("AWS_ACCESS_KEY_ID", "x")])).unwrap_err();
    assert_eq!(error.context("setting"), Some("AWS_SECRET_ACCESS_KEY"));
}

#[tokio::test]
async fn a_container_hands_out_keys() {
    let file = TempDir::new().unwrap();
    let token = file.path().join("token");
    fs::write(&token, "bearer\n").unwrap();
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:81/creds");
    for (settings, url, authorization) in [
        (
            vec![("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/creds")],
            "http://169.254.170.2/v2/creds",
            None,
        ),
        (vec![full, ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok")], full.1, Some("tok")),
        (
            vec![full, ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.to_str().unwrap())],
            full.1,
            Some("bearer"),
        ),
    ] {
        let script = Script::new([handed("POD", "2099-01-01T00:00:00Z"), response(200, IDENTITY)]);
        aws(&options(&settings), &script).account().await.unwrap();
        let sent = script.sent();
        assert_eq!(
            (sent[0].url.as_str(), header(&sent[0], "authorization").as_deref()),
            (url, authorization)
        );
        assert_eq!(signer(&sent[1]), "POD");
    }
}

#[test]
fn keys_are_not_fetched_from_afar_without_encryption() {
    for url in
        ["http://203.0.113.4/", "http://localhost.evil.example/", "http://127.0.0.1@evil.example/", "ftp://x"]
    {
        let error = Aws::from_options(&options(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
    }
    for url in
        ["http://[::1]:81/", "http://localhost/x", "https://broker.example/x", "http://[fd00:ec2::23]/v1"]
    {
        assert!(Aws::from_options(&options(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)])).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn a_machine_hands_out_the_keys_of_its_role_and_they_are_renewed() {
    let clock = Arc::new(ManualClock::default());
    clock.advance(Duration::from_secs(1_795_219_200)); // 2026-11-21 00:00:00
    let round = |id: &str, end: &str| [response(200, "session"), response(200, "web\n"), handed(id, end)];
    let mut answers = round("FIRST", "2026-11-21T06:00:00Z").to_vec();
    answers.extend([response(200, IDENTITY), response(200, IDENTITY)]);
    answers.extend(round("SECOND", "2026-11-21T12:00:00Z"));
    // Then no new ones are to be had, and the old ones still last for some minutes.
    answers.extend([response(200, IDENTITY), response(500, ""), response(200, IDENTITY)]);
    let script = Script::new(answers);
    let aws = aws(&options(&[]), &script).with_clock(Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>);
    // At 0:00, 5:54, 5:56 and 11:57.
    for minutes in [354, 2, 361, 0] {
        aws.account().await.unwrap();
        clock.advance(Duration::from_secs(minutes * 60));
    }
    let sent = script.sent();
    let put = &sent[0];
    assert_eq!((put.method.as_str(), put.url.as_str()), ("PUT", "http://169.254.169.254/latest/api/token"));
    assert_eq!(header(&sent[1], "x-aws-ec2-metadata-token").as_deref(), Some("session"));
    assert!(sent[2].url.ends_with("/iam/security-credentials/web"), "{}", sent[2].url);
    let signers: Vec<_> = sent.iter().filter(|request| request.url.contains("sts")).map(signer).collect();
    assert_eq!(signers, ["FIRST", "FIRST", "SECOND", "SECOND"]);
}

#[tokio::test]
async fn without_any_keys_it_is_told_what_to_set() {
    for settings in [vec![], vec![("AWS_EC2_METADATA_DISABLED", "true")]] {
        let script = Script::new([]);
        let error = aws(&options(&settings), &script).account().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.remedy().unwrap().contains("AWS_ACCESS_KEY_ID"));
    }
}

/// Writes down all that is traced, at every level.
#[derive(Debug, Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}={value:?}\n"));
    }
}

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn nothing_secret_is_shown_or_logged() {
    let log = Everything::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let simulator = Arc::new(AwsSimulator::new());
    let aws = Aws::from_options(&AwsSimulator::options())
        .unwrap()
        .with_transport(Arc::new(Simulated::new(Arc::<AwsSimulator>::clone(&simulator) as _)));
    let mut shown = format!("{aws:?} {simulator:?}");
    let spec = spec("key1").with_user_data("#!/bin/sh\necho canary-data\n".to_owned());
    shown.push_str(&format!("{:?}", aws.create_server(&spec).await.unwrap()));
    simulator.set_quota(0);
    let mut other = spec.clone();
    other.key = "key2".into();
    shown.push_str(&format!("{:?}", aws.create_server(&other).await.unwrap_err()));
    let script = Script::new([
        handed("POD", "2099-01-01T00:00:00Z"),
        response(
            403,
            "<Response><Errors><Error><Code>SignatureDoesNotMatch</Code><Message>x-amz-security-token:canary-t</Message></Error></Errors></Response>",
        ),
    ]);
    let pod = self::aws(&options(&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/canary-path")]), &script);
    let error = pod.account().await.unwrap_err();
    shown.push_str(&format!("{pod:?} {error:?} {:?} {:?}", error.report(), script.sent()));
    tracing::trace!("the end");
    drop(guard);
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("the end"));
    for text in [&shown, &logged] {
        for secret in ["canary-data", "canary-s", "canary-t", "canary+secret", "canary-session", "Y2FuYXJ5"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}
