//! The behaviours of every container runtime, over the Unix socket.

use crate::support::make;

byop_core::container_runtime_suite!(make);
