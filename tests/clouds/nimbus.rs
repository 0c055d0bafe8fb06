//! An imaginary vendor, whose provider can be made careless: whether these tests would notice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::vendors::{Account, Vendor};

mod provider;
mod simulator;

use provider::{Flaw, Nimbus};
use simulator::NimbusSimulator;

fn opened(flaw: Flaw) -> Account {
    Account::new(NimbusSimulator::default(), move |transport, clock| {
        Arc::new(Nimbus::new(transport, clock, flaw))
    })
}

/// The provider as it should be.
pub(crate) fn vendor() -> Vendor {
    Vendor { region: "west", size: "puff", image: "debian-12", open: || opened(Flaw::None) }
}

/// Whether any of some seeds fails.
fn is_noticed(vendor: Vendor) -> bool {
    let run = || crate::world::paused(crate::chaos::some_seeds(vendor, 1..=150));
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn a_create_that_is_sent_again_blindly_is_noticed() {
    assert!(is_noticed(Vendor { open: || opened(Flaw::RepeatsCreate), ..vendor() }));
}

#[test]
fn a_list_that_ends_with_its_first_page_is_noticed() {
    assert!(is_noticed(Vendor { open: || opened(Flaw::ReadsOnePage), ..vendor() }));
}

#[test]
fn things_that_are_known_by_their_names_only_are_noticed() {
    assert!(is_noticed(Vendor { open: || opened(Flaw::TakesForeign), ..vendor() }));
}

#[test]
fn a_refusal_that_is_taken_for_success_is_noticed() {
    assert!(is_noticed(Vendor { open: || opened(Flaw::DeletesInVain), ..vendor() }));
}
