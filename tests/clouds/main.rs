//! The engine rents servers from every vendor, each in memory behind its own wire form: requests go wrong in every way,
//! lists are late, servers do not start, engines die. Nothing may be lost, made twice, or taken from somebody else.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod chaos;
mod deaths;
mod nimbus;
mod vendors;
mod world;

/// Makes the tests of one vendor.
macro_rules! vendor {
    ($name:ident, $vendor:expr) => {
        mod $name {
            #[test]
            fn nothing_is_lost_and_nothing_is_made_twice() {
                crate::world::paused(crate::chaos::all_seeds($vendor));
            }

            #[test]
            fn an_engine_that_dies_while_a_server_is_made_leaves_nothing_behind() {
                crate::world::paused(crate::deaths::while_a_server_is_made($vendor));
            }

            #[test]
            fn an_engine_that_dies_while_a_server_is_given_back_leaves_nothing_behind() {
                crate::world::paused(crate::deaths::while_a_server_is_given_back($vendor));
            }
        }
    };
}

vendor!(aws, crate::vendors::aws());
vendor!(digitalocean, crate::vendors::digitalocean());
vendor!(ovh, crate::vendors::ovh());
vendor!(nimbus_cloud, crate::nimbus::vendor());
