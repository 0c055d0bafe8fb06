//! The token and the user data stand nowhere.

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use byop_cloud::http::RetryPolicy;
use byop_cloud::testing::{Fault, Mishap, serve};
use byop_core::cloud::CloudProvider;
use byop_core::model::{RegionId, ServerFilter, ServerSpec};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

/// Keeps whatever is logged, at any level.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = writeln!(self.0, "{}={value:?} {value:#?}", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

const CANARY: &str = "canary";

fn spec() -> ServerSpec {
    ServerSpec::new("k1", "web-1", RegionId("fra1".into()), "s-1vcpu-1gb", "141001")
        .with_user_data(format!("#cloud-config {CANARY}"))
}

/// Uses it as it is meant to be and otherwise, and gives all that it says of itself and of what went wrong.
async fn use_it(cloud: &DigitalOcean) -> String {
    let mut told = format!("{cloud:?} {cloud:#?}");
    let mut tell = |thing: &dyn Debug| told.push_str(&format!("{thing:?} {thing:#?}"));
    for _ in 0..2 {
        match cloud.create_server(&spec()).await {
            Err(error) => tell(&(&error, error.report(), error.to_string())),
            Ok(server) => tell(&(cloud.get_server(&server.id).await, cloud.delete_server(&server.id).await)),
        }
        tell(&cloud.list_servers(&ServerFilter::all()).await);
        tell(&cloud.list_resources().await);
        tell(&cloud.get_server(&ServerId("7".into())).await);
    }
    told
}

/// Over a real connection, with the right token and with a wrong one.
#[tokio::test]
async fn no_secret_is_shown_or_logged() {
    let log = Log::default();
    // Of the whole process: what is logged in another test counts too.
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let simulator = Arc::new(DigitalOceanSimulator::new());
    let simulated = Simulated::new(Arc::<DigitalOceanSimulator>::clone(&simulator));
    let server = serve(&simulated, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut told = String::new();
    let token = simulator.options().credential("DIGITALOCEAN_TOKEN").unwrap().expose().to_owned();
    for token in [token.clone(), format!("dop_v1_{CANARY}")] {
        let options = simulator
            .options()
            .with_setting("DIGITALOCEAN_TOKEN", token)
            .with_setting("DIGITALOCEAN_API_URL", server.url());
        let policy = RetryPolicy { tries: 2, ..RetryPolicy::default() };
        let cloud = DigitalOcean::from_options(&options).unwrap().with_policy(policy);
        told.push_str(&format!("{options:?}"));
        told.push_str(&use_it(&cloud).await);
        // Another test may have met the place that logs a moment before this one began to listen.
        tracing::callsite::rebuild_interest_cache();
        simulated.inject(Fault::new("POST /v2/droplets", Mishap::ResetAfter));
        simulated.inject(Fault::new("*", Mishap::HalfBody).with_nth(2));
        told.push_str(&use_it(&cloud).await);
    }
    told.push_str(&format!("{:?} {:?} {:?}", simulator.requests(), simulator.complaints(), simulated));
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("request failed"), "the log was not taken: {logged}");
    for secret in [CANARY, token.as_str()] {
        for (what, text) in [("shown", &told), ("logged", &logged)] {
            let at = text.find(secret);
            assert_eq!(at, None, "{what}: {}", &text[at.unwrap_or(0).saturating_sub(200)..]);
        }
    }
}
