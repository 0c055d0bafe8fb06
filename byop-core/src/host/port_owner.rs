//! Which ports of this machine are open, and by which process, from `/proc` (proc(5)); nothing on other systems.

use std::fs;
use std::path::Path;

use crate::model::Protocol;

/// State of a listening TCP socket.
const LISTEN: &str = "0A";

/// The owner of a listening TCP port, for people: `nginx (process 812)`.
pub(super) fn find(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let owner = fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        holds_socket(&entry.path(), &inodes).then(|| {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            format!("{} (process {pid})", name.trim())
        })
    });
    Some(owner.unwrap_or_else(|| "a process of another user".into()))
}

/// The sockets that listen on `port`, from a table as in `/proc/net/tcp`.
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let listens = *fields.get(3)? == LISTEN && local_port(&fields)? == port;
            if listens { fields.get(9).map(|inode| (*inode).to_owned()) } else { None }
        })
        .collect()
}

fn local_port(fields: &[&str]) -> Option<u16> {
    let (_, hex) = fields.get(1)?.rsplit_once(':')?;
    u16::from_str_radix(hex, 16).ok()
}

/// The TCP ports that are listened on, and the UDP ports that are open.
pub(super) fn opened() -> Vec<(Protocol, u16)> {
    use Protocol::{Tcp, Udp};
    let tables = [("tcp", Tcp), ("tcp6", Tcp), ("udp", Udp), ("udp6", Udp)];
    let read = tables.into_iter().filter_map(|(name, protocol)| {
        Some((fs::read_to_string(format!("/proc/net/{name}")).ok()?, protocol))
    });
    read.flat_map(|(table, protocol)| open_ports(&table, protocol)).collect()
}

fn open_ports(table: &str, protocol: Protocol) -> Vec<(Protocol, u16)> {
    let lines = table.lines().skip(1).map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    // A socket that does not listen may be connected from a port that is free to be listened on; UDP knows no
    // such difference.
    lines
        .filter(|fields| protocol == Protocol::Udp || fields.get(3) == Some(&LISTEN))
        .filter_map(|fields| Some((protocol, local_port(&fields)?)))
        .collect()
}

fn holds_socket(process: &Path, inodes: &[String]) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files.flatten().filter_map(|file| fs::read_link(file.path()).ok()).any(|target| {
        target
            .to_str()
            .and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'))
            .is_some_and(|inode| inodes.iter().any(|known| known == inode))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let owner = find(listener.local_addr().unwrap().port()).unwrap();
        assert!(owner.ends_with(&format!("(process {})", std::process::id())), "{owner}");
    }

    #[test]
    fn open_ports_of_both_protocols_are_seen() {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let opened = opened();
        assert!(opened.contains(&(Protocol::Tcp, tcp.local_addr().unwrap().port())), "{opened:?}");
        assert!(opened.contains(&(Protocol::Udp, udp.local_addr().unwrap().port())), "{opened:?}");
    }

    #[test]
    fn a_connection_is_not_a_listener() {
        let table = "  sl  local_address rem_address   st\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1\n\
            1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 0 0 4712 1\n";
        assert_eq!(listening_inodes(table, 8080), ["4711"]);
        assert!(listening_inodes(table, 8081).is_empty());
        assert_eq!(open_ports(table, Protocol::Tcp), [(Protocol::Tcp, 8080)]);
    }
}
