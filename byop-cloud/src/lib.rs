//! Cloud providers for byop.
