//! Clients and their customers.

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::model::{
    Actor, AuditFilter, ClientId, ClientLimits, ClientSpec, ClientState, ContainerState, CustomerSpec,
    JobFilter, TicketSpec,
};
use byop_core::store::{Page, Scope, Store};

use crate::support::{World, app, deploy, done, image, remove};

pub fn client(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

pub fn spec(id: &str) -> ClientSpec {
    ClientSpec::new(id, id.to_uppercase(), format!("ops@{id}.example")).unwrap()
}

/// A handle of a client that there is.
pub async fn made(engine: &Engine, id: &str) -> Engine {
    engine.create_client(spec(id)).await.unwrap();
    engine.for_client(client(id))
}

#[tokio::test]
async fn a_client_is_made_read_changed_and_deleted() {
    let world = World::new();
    let engine = world.engine();
    let made = engine.create_client(spec("acme")).await.unwrap();
    assert_eq!(engine.get_client(&made.id).await.unwrap(), made);
    let limits = ClientLimits::default().with_apps(3);
    let changed = engine.update_client(spec("acme").with_limits(limits)).await.unwrap();
    assert_eq!((changed.limits, changed.created_at), (limits, made.created_at));
    engine.create_client(spec("beta")).await.unwrap();
    let ids = |list: Vec<byop_core::model::Client>| list.into_iter().map(|c| c.id).collect::<Vec<_>>();
    assert_eq!(ids(engine.list_clients(&Page::all()).await.unwrap()), [client("acme"), client("beta")]);
    engine.delete_client(&made.id).await.unwrap();
    engine.delete_client(&made.id).await.unwrap();
    assert_eq!(engine.get_client(&made.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(ids(engine.list_clients(&Page::all()).await.unwrap()), [client("beta")]);
}

#[tokio::test]
async fn the_id_of_a_client_is_never_given_twice() {
    let world = World::new();
    let engine = world.engine();
    engine.create_client(spec("acme")).await.unwrap();
    assert_eq!(engine.create_client(spec("acme")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    engine.delete_client(&client("acme")).await.unwrap();
    assert_eq!(engine.create_client(spec("acme")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(engine.update_client(spec("acme")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_kept_of_a_deleted_client_does_not_say_who_it_was() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    let customer = acme.create_customer(CustomerSpec::new(client("acme"), "Anna").unwrap()).await.unwrap();
    acme.open_ticket(TicketSpec::new(client("acme"), "Help", "Me").unwrap()).await.unwrap();
    engine.delete_client(&client("acme")).await.unwrap();
    assert_eq!(engine.get_customer(&customer.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let mut kept = String::new();
    for collection in ["clients", "customers", "tickets", "schedules"] {
        let records = world.store.list_records(&Scope::Platform, collection, &Page::all()).await.unwrap();
        kept.push_str(&records.iter().map(|record| record.value.to_string()).collect::<String>());
    }
    assert!(kept.contains("deleted") && !kept.contains("ACME") && !kept.contains("ops@"), "{kept}");
}

#[tokio::test]
async fn a_client_that_owns_an_app_is_not_deleted() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    let error = engine.delete_client(&client("acme")).await.unwrap_err();
    assert_eq!((error.kind(), error.context("key")), (ErrorKind::Conflict, Some("shop")));
    remove(&acme, &app("shop")).await;
    engine.delete_client(&client("acme")).await.unwrap();
}

#[tokio::test]
async fn only_the_platform_makes_changes_and_deletes_clients() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    for name in ["acme", "nobody"] {
        let errors = [
            acme.create_client(spec(name)).await.unwrap_err(),
            acme.update_client(spec(name)).await.unwrap_err(),
            acme.delete_client(&client(name)).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.kind() == ErrorKind::PermissionDenied), "{errors:?}");
    }
}

#[tokio::test]
async fn a_suspended_client_may_stop_and_remove_but_start_nothing() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    engine.update_client(spec("acme").with_state(ClientState::Suspended)).await.unwrap();
    let refused = [
        acme.deploy(image("shop", "shop:2")).await.unwrap_err(),
        acme.restart(&app("shop")).await.unwrap_err(),
        acme.start(&app("shop")).await.unwrap_err(),
        acme.create_customer(CustomerSpec::new(client("acme"), "Anna").unwrap()).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::PermissionDenied), "{refused:?}");
    let running = world.runtime.census().iter().filter(|(_, s)| **s == ContainerState::Running).count();
    assert_eq!(running, 2, "the app and the proxy go on");
    acme.open_ticket(TicketSpec::new(client("acme"), "Why?", "We paid.").unwrap()).await.unwrap();
    done(&acme, acme.stop(&app("shop")).await).await;
    done(&engine, engine.start(&app("shop")).await).await;
    remove(&acme, &app("shop")).await;
}

#[tokio::test]
async fn a_client_has_no_more_apps_than_it_may() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    engine.update_client(spec("acme").with_limits(ClientLimits::default().with_apps(1))).await.unwrap();
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    let error = acme.deploy(image("blog", "shop:1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    deploy(&acme, &image("shop", "shop:2")).await.unwrap();
}

#[tokio::test]
async fn what_the_platform_does_to_a_clients_app_is_the_clients() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    let more = image("shop", "shop:2").with_domain("www.example.com").unwrap();
    deploy(&engine, &more).await.unwrap();
    assert_eq!(acme.list_jobs(&JobFilter::all()).await.unwrap().len(), 2);
    remove(&acme, &app("shop")).await;
    let left = world.store.list_records(&Scope::Platform, "domains", &Page::all()).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    engine.delete_client(&client("acme")).await.unwrap();
}

#[tokio::test]
async fn a_program_with_clients_of_its_own_needs_no_records_of_them() {
    let world = World::new();
    let acme = world.engine().for_client(client("acme"));
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    assert_eq!(acme.list_apps().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_customer_is_made_read_changed_and_deleted() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    let spec = CustomerSpec::new(client("acme"), "Anna").unwrap().with_reference("cus_81f");
    let anna = acme.create_customer(spec.clone()).await.unwrap();
    assert_eq!(engine.get_customer(&anna.id).await.unwrap(), anna);
    let changed = acme
        .update_customer(&anna.id, CustomerSpec::new(client("acme"), "Anna Smith").unwrap())
        .await
        .unwrap();
    assert_eq!((changed.name.as_str(), changed.reference.as_ref()), ("Anna Smith", None));
    let error =
        engine.update_customer(&anna.id, CustomerSpec::new(client("beta"), "A").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let ticket = TicketSpec::new(client("acme"), "Help", "Me").unwrap().with_customer(anna.id.clone());
    let ticket = acme.open_ticket(ticket).await.unwrap();
    assert_eq!(acme.delete_customer(&anna.id).await.unwrap_err().kind(), ErrorKind::Conflict);
    acme.close_ticket(&ticket.id).await.unwrap();
    acme.delete_customer(&anna.id).await.unwrap();
    acme.delete_customer(&anna.id).await.unwrap();
    assert_eq!(acme.list_customers(&Page::all()).await.unwrap(), []);
}

#[tokio::test]
async fn a_customer_needs_a_client_of_ones_own() {
    let world = World::new();
    let engine = world.engine();
    let (acme, _) = (made(&engine, "acme").await, made(&engine, "beta").await);
    let errors = [
        acme.create_customer(CustomerSpec::new(client("beta"), "A").unwrap()).await.unwrap_err(),
        acme.create_customer(CustomerSpec::new(client("nobody"), "A").unwrap()).await.unwrap_err(),
        engine.create_customer(CustomerSpec::new(client("nobody"), "A").unwrap()).await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::NotFound), "{errors:?}");
}

#[tokio::test]
async fn every_change_is_in_the_audit_with_who_and_from_where() {
    let world = World::new();
    let engine = world.engine().acting_as(Actor::new("root").with_from("203.0.113.7"));
    let acme = made(&engine, "acme").await.acting_as(Actor::new("anna"));
    let customer = acme.create_customer(CustomerSpec::new(client("acme"), "C").unwrap()).await.unwrap();
    acme.delete_customer(&customer.id).await.unwrap();
    engine.update_client(spec("acme")).await.unwrap();
    let records = engine.list_audit(&AuditFilter::all()).await.unwrap();
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let actor = record.entry.actor.as_ref().unwrap();
            (record.entry.action.as_str(), actor.who.as_str(), actor.from.as_deref())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("client.create", "root", Some("203.0.113.7")),
            ("customer.create", "anna", None),
            ("customer.delete", "anna", None),
            ("client.update", "root", Some("203.0.113.7")),
        ]
    );
    assert_eq!(records[1].entry.subject, format!("customer/{}", customer.id));
    assert_eq!(acme.list_audit(&AuditFilter::all()).await.unwrap(), records, "all of it is the client's");
}
