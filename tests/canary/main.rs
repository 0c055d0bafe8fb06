//! Canaries: values that stand for secrets go through a whole life on real components, and then every place where byop
//! or the engine writes something down is searched for them. None may be there, in whatever form.

mod api;
mod app;
mod capture;
mod life;
mod search;
mod values;
mod watch;
