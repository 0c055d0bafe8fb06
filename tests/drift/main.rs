//! Store and world held against each other, on the real components: Docker and Traefik.

mod rebuild;
mod support;
mod tampering;
mod tools;
