//! Requests for support.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::engine::Engine;
use byop_core::model::{Actor, AuditFilter, Ticket, TicketFilter, TicketPriority, TicketSpec, TicketState};

use crate::clients::{client, made};
use crate::support::{World, app, deploy, image};

fn spec(subject: &str) -> TicketSpec {
    TicketSpec::new(client("acme"), subject, "Please look.").unwrap()
}

async fn subjects(engine: &Engine, filter: TicketFilter) -> Vec<String> {
    let tickets = engine.list_tickets(&filter).await.unwrap();
    tickets.into_iter().map(|ticket: Ticket| ticket.subject).collect()
}

#[tokio::test]
async fn a_ticket_is_opened_answered_assigned_closed_and_opened_again() {
    let world = World::new();
    let engine = world.engine();
    let anna = made(&engine, "acme").await.acting_as(Actor::new("anna@acme"));
    let bob = engine.acting_as(Actor::new("bob"));
    let id = anna.open_ticket(spec("Slow")).await.unwrap().id;
    bob.assign_ticket(&id, Some("bob")).await.unwrap();
    bob.reply_to_ticket(&id, "Which page?").await.unwrap();
    anna.reply_to_ticket(&id, "All\r\nof them").await.unwrap();
    bob.close_ticket(&id).await.unwrap();
    assert_eq!(anna.reply_to_ticket(&id, "No!").await.unwrap_err().kind(), ErrorKind::Conflict);
    anna.reopen_ticket(&id).await.unwrap();
    let ticket = anna.get_ticket(&id).await.unwrap();
    let letters: Vec<_> = ticket.replies.iter().map(|r| (r.author.as_str(), r.body.as_str())).collect();
    assert_eq!(letters, [("bob", "Which page?"), ("anna@acme", "All\nof them")]);
    assert_eq!((ticket.author.as_str(), ticket.state), ("anna@acme", TicketState::Open));
    assert_eq!(ticket.assignee.as_deref(), Some("bob"));
    let filter = AuditFilter::all().with_subject(format!("ticket/{id}"));
    let actions: Vec<_> =
        anna.list_audit(&filter).await.unwrap().into_iter().map(|record| record.entry.action).collect();
    let all = ["create", "assign", "reply", "reply", "close", "reopen"].map(|verb| format!("ticket.{verb}"));
    assert_eq!(actions, all);
}

#[tokio::test(start_paused = true)]
async fn tickets_are_found_by_what_they_are_about_page_by_page() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    deploy(&acme, &image("shop", "shop:1")).await.unwrap();
    for number in 0..5 {
        acme.open_ticket(spec(&format!("{number}"))).await.unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    let urgent = spec("urgent").with_priority(TicketPriority::Urgent).with_app(app("shop"));
    let urgent = acme.open_ticket(urgent).await.unwrap();
    let first = acme.list_tickets(&TicketFilter::all().with_page(None, 3)).await.unwrap();
    let shown: Vec<_> = first.iter().map(|ticket| ticket.subject.as_str()).collect();
    assert_eq!(shown, ["urgent", "4", "3"]);
    let next = TicketFilter::all().with_page(Some(first[2].id.clone()), 10);
    assert_eq!(subjects(&acme, next).await, ["2", "1", "0"]);
    assert_eq!(subjects(&acme, TicketFilter::all().with_priority(TicketPriority::High)).await, ["urgent"]);
    assert_eq!(subjects(&acme, TicketFilter::all().with_app(app("shop"))).await, ["urgent"]);
    acme.close_ticket(&urgent.id).await.unwrap();
    acme.assign_ticket(&first[1].id, Some("bob")).await.unwrap();
    assert_eq!(subjects(&acme, TicketFilter::all().with_state(TicketState::Closed)).await, ["urgent"]);
    assert_eq!(subjects(&acme, TicketFilter::all().with_assignee("bob")).await, ["4"]);
}

#[tokio::test]
async fn a_ticket_is_about_what_its_client_has() {
    let world = World::new();
    let engine = world.engine();
    let acme = made(&engine, "acme").await;
    let beta = made(&engine, "beta").await;
    deploy(&beta, &image("shop", "shop:1")).await.unwrap();
    for engine in [&acme, &engine] {
        let error = engine.open_ticket(spec("a").with_app(app("shop"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let customer = byop_core::id::CustomerId::from("cus_1".to_owned());
        let error = engine.open_ticket(spec("a").with_customer(customer)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    assert_eq!(engine.list_tickets(&TicketFilter::all()).await.unwrap(), []);
}

#[tokio::test]
async fn letters_that_are_written_at_the_same_time_are_all_kept() {
    let world = World::new();
    let engine = world.engine();
    let id = made(&engine, "acme").await.open_ticket(spec("Slow")).await.unwrap().id;
    let replies = (0..8).map(|number| {
        let (engine, id) = (engine.clone(), id.clone());
        tokio::spawn(async move { engine.reply_to_ticket(&id, &format!("{number}")).await.unwrap() })
    });
    for reply in replies.collect::<Vec<_>>() {
        reply.await.unwrap();
    }
    let mut letters: Vec<_> =
        engine.get_ticket(&id).await.unwrap().replies.into_iter().map(|reply| reply.body).collect();
    letters.sort();
    assert_eq!(letters, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}
