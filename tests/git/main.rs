//! Sources from Git over https and ssh, from real servers on this machine.

mod https;
mod processes;
mod repository;
mod server;
mod ssh;
mod sshd;
