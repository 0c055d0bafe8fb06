//! Nobody gets to see a credential.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use byop_cloud::ovh::Ovh;
use byop_cloud::testing::ovh::OvhSimulator;
use byop_cloud::testing::{Fault, Mishap};
use byop_core::Secret;
use byop_core::cloud::CloudProvider;
use byop_core::model::{RegionId, ServerFilter, ServerSpec};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

/// Keeps everything that is logged, down to the last level.
#[derive(Clone, Default)]
struct Keeper(Arc<Mutex<String>>);

impl Visit for Keeper {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0.lock().unwrap(), "{field}={value:?} ");
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
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
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn credentials_tokens_and_user_data_stay_where_they_are() {
    let keeper = Keeper::default();
    let _guard = tracing::subscriber::set_default(keeper.clone());
    let mut shown = String::new();
    let simulator = OvhSimulator::new();
    let wrong = |name: &str| simulator.options().with_setting(name, "canary-wrong".to_owned());
    for options in [
        simulator.options(),
        simulator.account_options(),
        wrong("OVH_APPLICATION_KEY"),
        wrong("OVH_APPLICATION_SECRET"),
        wrong("OVH_CONSUMER_KEY"),
        simulator.account_options().with_setting("OVH_CLIENT_SECRET", "canary-wrong".to_owned()),
    ] {
        let transport = simulator.transport();
        let _ = write!(shown, "{options:?}");
        let provider = Ovh::from_options(&options).unwrap().with_transport(Arc::clone(&transport) as _);
        for mishap in [
            None,
            Some(Mishap::TimeoutAfter),
            Some(Mishap::HalfBody),
            Some(Mishap::ProxyPage(403)),
            Some(Mishap::OutOfOrderAfter),
        ] {
            // Another test may have met the place that logs a moment before this one began to listen.
            tracing::callsite::rebuild_interest_cache();
            for operation in ["time.get", "token.get", "server.list", "server.create"] {
                if let Some(mishap) = mishap {
                    transport.inject(Fault::new(operation, mishap));
                }
            }
            let listed = provider.list_servers(&ServerFilter::all()).await;
            let spec = ServerSpec::new("k1", "web", RegionId("GRA11".into()), "d2-2", "none")
                .with_user_data("canary-user-data".to_owned());
            let made = provider.create_server(&spec).await;
            let ended = provider.vps().confirm_termination("x", &Secret::new("canary-token")).await;
            simulator.shift_clock(100);
            simulator.revoke_tokens();
            let _ = write!(shown, "{provider:?} {listed:?} {made:?} {ended:?} {transport:?}");
            for error in [listed.err(), made.err(), ended.err()].into_iter().flatten() {
                let _ = write!(shown, "{error} {}", serde_json::to_string(&error.report()).unwrap());
            }
        }
        let _ = write!(shown, "{:?}", transport.requests());
    }
    let logged = keeper.0.lock().unwrap().clone();
    assert!(logged.contains("request failed"), "the log was kept: {logged}");
    for text in [shown, logged] {
        for secret in ["canary", "sim0", "$1$"] {
            let at = text.find(secret);
            let around = at.map(|at| text[at.saturating_sub(80)..].chars().take(160).collect::<String>());
            assert_eq!(around, None, "{secret}");
        }
    }
}
