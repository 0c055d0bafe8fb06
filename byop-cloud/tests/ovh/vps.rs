//! The VPS product, and what it takes to order one.

use byop_cloud::ovh::{OrderOptions, Termination};
use byop_cloud::testing::ovh::OvhSimulator;
use byop_cloud::testing::{Fault, Mishap, Simulator};
use byop_core::model::{PowerAction, Price, ServerState};
use byop_core::{ErrorKind, Secret};

use crate::{provider, simulator, times};

const NAME: &str = "vps-1a2b3c4d.vps.example.net";

fn order(euros: u64) -> OrderOptions {
    let agreed = Price::new(euros * 1_000_000, "EUR");
    OrderOptions::new("k7f3q2", "vps-2025-model1", "GRA", "Debian 12", agreed)
}

#[tokio::test(start_paused = true)]
async fn a_vps_is_listed_and_read() {
    let provider = provider(&OvhSimulator::new());
    assert_eq!(provider.vps().list().await.unwrap(), [NAME]);
    let server = provider.vps().get(NAME).await.unwrap();
    assert_eq!((server.id.0.as_str(), server.state, server.key), (NAME, ServerState::Running, None));
    let addresses: Vec<_> = server.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["198.51.100.4", "2001:db8:f::4"]);
    assert_eq!(provider.vps().get("vps-0").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_vps_is_stopped_and_started() {
    let simulator = simulator();
    let provider = provider(&simulator);
    let vps = provider.vps();
    vps.power(NAME, PowerAction::Start).await.unwrap();
    for (action, state) in [
        (PowerAction::Stop, ServerState::Stopped),
        (PowerAction::Start, ServerState::Running),
        (PowerAction::Restart, ServerState::Running),
    ] {
        vps.power(NAME, action).await.unwrap();
        assert_eq!(vps.power(NAME, PowerAction::Restart).await.unwrap_err().kind(), ErrorKind::Conflict);
        tokio::time::advance(times().boot).await;
        assert_eq!(vps.get(NAME).await.unwrap().state, state, "{action:?}");
    }
    assert_eq!(simulator.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_vps_is_installed_anew_with_a_key() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let images = provider.vps().list_images(NAME).await.unwrap();
    let image = images.iter().find(|image| image.name == "Debian 13").unwrap();
    provider.vps().reinstall(NAME, &image.id, "ssh-ed25519 AAAA\n").await.unwrap();
    let (image, key, _) = simulator.installed_vps(NAME).unwrap();
    assert_eq!((image.as_str(), key.as_deref()), ("debian-13", Some("ssh-ed25519 AAAA")));
    let error = provider.vps().reinstall(NAME, "plan9", "ssh-ed25519 AAAA").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Conflict), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_vps_needs_its_owner() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let Termination::NeedsConfirmation { message } = provider.vps().terminate(NAME).await.unwrap() else {
        panic!("it ended without its owner");
    };
    assert!(message.contains("email"), "{message}");
    assert!(!simulator.installed_vps(NAME).unwrap().2);
    let wrong = provider.vps().confirm_termination(NAME, &Secret::new("guess")).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidInput);
    provider.vps().confirm_termination(NAME, &Secret::new("sim0termination0canary")).await.unwrap();
    assert!(simulator.installed_vps(NAME).unwrap().2);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_made_once_for_its_key() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let first = provider.vps().order(&order(6)).await.unwrap();
    assert_eq!((first.status.as_str(), first.services.len()), ("delivered", 1));
    assert_eq!(provider.vps().order(&order(6)).await.unwrap(), first);
    assert_eq!(simulator.orders(), 1);
    assert_eq!(simulator.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_ordered_above_the_price_that_was_agreed() {
    let simulator = OvhSimulator::new();
    let provider = provider(&simulator);
    let error = provider.vps().order(&order(5)).await.unwrap_err();
    assert_eq!((error.kind(), error.context("price")), (ErrorKind::InvalidInput, Some("5.08 EUR")));
    let mut dollars = order(6);
    dollars.agreed.currency = "USD".into();
    assert_eq!(provider.vps().order(&dollars).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(simulator.orders(), 0);
    // The same cart is ordered once the price is agreed to.
    provider.vps().order(&order(6)).await.unwrap();
    assert_eq!(simulator.orders(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_answer_was_lost_is_not_made_again() {
    for mishap in [
        Mishap::TimeoutAfter,
        Mishap::ResetAfter,
        Mishap::HalfBody,
        Mishap::OutOfOrderAfter,
        Mishap::TimeoutBefore,
    ] {
        for skip in 1..15 {
            let simulator = OvhSimulator::new();
            let transport = simulator.transport();
            transport.inject(Fault::new("vps.order", mishap).with_nth(skip));
            let provider = provider(&simulator).with_transport(transport);
            let mut made = provider.vps().order(&order(6)).await;
            if made.is_err() {
                made = provider.vps().order(&order(6)).await;
            }
            let made = made.unwrap_or_else(|error| panic!("{mishap:?} {skip}: {error:?}"));
            assert_eq!((simulator.orders(), made.services.len()), (1, 1), "{mishap:?} {skip}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_plan_is_refused() {
    let simulator = OvhSimulator::new();
    let mut options = order(6);
    options.plan = "vps-of-yore".into();
    provider(&simulator).vps().order(&options).await.unwrap_err();
    assert_eq!(simulator.orders(), 0);
}
