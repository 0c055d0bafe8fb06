//! The behaviours of all providers, on moto's server: somebody else's idea of what the vendor does.
//!
//! It is one process for all tests, found by `MOTO_SERVER` or in `PATH`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use byop_cloud::aws::Aws;
use byop_cloud::http::{HttpOptions, HttpTransport, Method, Plaintext, Request, Transport};
use byop_cloud::registry::ProviderOptions;
use byop_core::cloud::CloudProvider;
use byop_core::model::ServerId;
use byop_core::testing::cloud_provider_suite::CloudEnv;
use byop_core::testing::dns_provider_suite::DnsEnv;
use byop_core::testing::require;
use byop_core::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;

use crate::support::{REGION, seconds};

const ZONE: &str = "moto.example";

/// The process lives as long as the pipe to its guard is open: however this program ends, it ends too.
struct Moto {
    url: String,
    _guard: Child,
}

/// Starts the server, and ends it when there is nothing more to read.
const GUARD: &str = r#""$0" -H 127.0.0.1 -p 0 2>&1 & server=$!; cat >/dev/null; kill "$server""#;

fn start() -> Result<Moto> {
    let failed = |message: &str| Error::new(ErrorKind::Unavailable, "moto.start", message);
    let program = std::env::var("MOTO_SERVER").unwrap_or_else(|_| "moto_server".into());
    let mut guard = Command::new("sh")
        .args(["-c", GUARD, &program])
        // Without this it takes any name for a size, and any id for an image.
        .envs([("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "1"), ("MOTO_ENABLE_AMI_VALIDATION", "1")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed("there is no shell").with_source(error))?;
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines().map_while(std::io::Result::ok);
    let line = lines.find(|line| line.contains("Running on http://") || line.contains("not found"));
    let url = line.and_then(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()));
    let Some(url) = url else {
        let _ = guard.kill();
        let _ = guard.wait();
        return Err(
            failed("there is no moto_server: set MOTO_SERVER to its path").with_context("program", program)
        );
    };
    // What it says later has to go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(Moto { url, _guard: guard })
}

fn moto() -> Option<&'static Moto> {
    static MOTO: OnceLock<Result<Moto>> = OnceLock::new();
    let found = MOTO.get_or_init(start).as_ref();
    require("moto", found.map_err(|error| Error::from(error.report())))
}

/// Asks without a provider, as somebody else would.
async fn ask(moto: &Moto, service: &str, path: &str, kind: &str, body: &str) -> String {
    let network = HttpTransport::new(&HttpOptions::default().with_plaintext(Plaintext::Allowed)).unwrap();
    let scope = format!("Credential=SOMEBODY/20261121/{REGION}/{service}/aws4_request");
    let request = Request::new("moto.ask", Method::Post, format!("{}{path}", moto.url))
        .with_body(kind, body)
        .with_header(
            "authorization",
            format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"),
        );
    let answer = network.send(&request).await.unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status < 300, "{text}");
    text
}

async fn ec2(moto: &Moto, form: &str) -> String {
    ask(moto, "ec2", "/", "application/x-www-form-urlencoded", &format!("Version=2016-11-15&{form}")).await
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

/// An image of moto's own list.
async fn image(moto: &Moto) -> &'static str {
    static IMAGE: OnceCell<String> = OnceCell::const_new();
    IMAGE
        .get_or_init(|| async {
            let images = ec2(moto, "Action=DescribeImages&Owner.1=099720109477").await;
            between(&images, "<imageId>", "</imageId>").to_owned()
        })
        .await
}

fn provider(moto: &Moto) -> Arc<dyn CloudProvider> {
    let options = ProviderOptions::new()
        .with_setting("AWS_ENDPOINT_URL", moto.url.clone())
        .with_setting("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned())
        .with_setting("AWS_SECRET_ACCESS_KEY", "secret".to_owned())
        .with_setting("AWS_REGION", REGION.to_owned());
    Arc::new(Aws::from_options(&options).unwrap())
}

/// What cannot hold there, and why.
const DIFFERENT: [(&str, &str); 2] = [
    ("a_reserved_address_outlives_its_server", "moto leads an address to a server that is gone"),
    (
        "a_snapshot_is_made_once_and_becomes_an_image",
        "moto breaks down when the disks of an image are given tags",
    ),
];

fn is_different() -> bool {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    let found = DIFFERENT.iter().find(|(behaviour, _)| name.ends_with(behaviour));
    if let Some((_, why)) = found {
        println!("SKIPPED {name}: {why}");
    }
    found.is_some()
}

async fn servers() -> Option<CloudEnv> {
    let moto = moto().filter(|_| !is_different())?;
    let image = image(moto).await;
    let form = format!("Action=RunInstances&ImageId={image}&InstanceType=t3.micro&MinCount=1&MaxCount=1");
    let foreign = ec2(moto, &form).await;
    let foreign = ServerId(format!("{REGION}/{}", between(&foreign, "<instanceId>", "</instanceId>")));
    let env = CloudEnv::new(provider(moto), REGION, "t3.micro", image)
        .with_larger_size("t3.small")
        .with_foreign_server(foreign)
        .with_deadline(seconds(20));
    Some(env)
}

async fn names() -> Option<DnsEnv> {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let moto = moto()?;
    MADE.get_or_init(|| async {
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{ZONE}</Name>\
             <CallerReference>1</CallerReference></CreateHostedZoneRequest>"
        );
        ask(moto, "route53", "/2013-04-01/hostedzone", "text/xml", &body).await;
    })
    .await;
    Some(DnsEnv::of_cloud(provider(moto), ZONE))
}

byop_core::cloud_provider_suite!(moto_servers, super::servers);
byop_core::dns_provider_suite!(moto_names, super::names);
