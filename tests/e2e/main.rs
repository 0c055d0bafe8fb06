//! The main job on the real components: Docker, Traefik, HTTP. Base images come from `tests/images/make.sh`.

mod bad_releases;
mod examples;
mod lifecycle;
mod load;
mod middlewares;
mod ports;
mod routing;
mod support;
mod zero_downtime;
