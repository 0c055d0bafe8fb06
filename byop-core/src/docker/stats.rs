//! What a container uses, on engines with control groups of either version.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::models::{ContainerMemoryStats, ContainerStatsResponse as Reading};
use http_body_util::BodyExt;

use super::{Docker, error, time};
use crate::error::Result;
use crate::model::ContainerStats;

const OPERATION: &str = "container.stats";
/// The first API that gives a reading without waiting for a second one.
const ONE_SHOT_SINCE: (u32, u32) = (1, 41);
/// Readings of containers that are long gone must not pile up.
const REMEMBERED: usize = 4096;

/// Processor time and when it was read, both in nanoseconds.
type Point = (u64, u64);

/// The last reading of each container by this client.
///
/// A second reading at once would be simpler, but engines make it wait: 20.10 gives one a second.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings(Arc<Mutex<HashMap<String, Point>>>);

impl Readings {
    /// Remembers a reading and gives the one before.
    fn replace(&self, id: &str, point: Point) -> Option<Point> {
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if points.len() >= REMEMBERED && !points.contains_key(id) {
            points.clear();
        }
        points.insert(id.to_owned(), point)
    }
}

impl Docker {
    pub(super) async fn usage(&self, id: &str) -> Result<ContainerStats> {
        let found = self.inspect(OPERATION, id).await?;
        let (id, state) = (found.id.unwrap_or_default(), found.state.unwrap_or_default());
        let name = found.name.unwrap_or_default().trim_start_matches('/').to_owned();
        if state.running != Some(true) {
            return Ok(ContainerStats { container: name, ..Default::default() });
        }
        let version = self.wire.version().await.map_err(|failure| error::engine(OPERATION, failure))?;
        let one_shot = if version >= Some(ONE_SHOT_SINCE) { "&one-shot=1" } else { "" };
        let reading = self.reading(&id, one_shot).await?;
        let mut stats = convert(&reading);
        stats.container = name;
        if let (Some(cpu), Some(taken)) = (cpu(&reading), reading.read.as_deref().and_then(time::parse_nanos))
        {
            let started = state.started_at.as_deref().and_then(time::parse_nanos).unwrap_or(taken);
            // A restart begins to count from nothing, after the last reading.
            let before = self.readings.replace(&id, (cpu, taken)).filter(|before| before.1 >= started);
            // What setting the container up took is counted too; in its first second that would be all there is.
            let start = (0, started.min(taken.saturating_sub(1_000_000_000)));
            stats.cpu_percent = share(before.unwrap_or(start), (cpu, taken));
        }
        Ok(stats)
    }

    async fn reading(&self, id: &str, extra: &str) -> Result<Reading> {
        let body = self.wire.get(OPERATION, &format!("/containers/{id}/stats?stream=0{extra}")).await?;
        let bytes = body.collect().await.map_err(|err| error::engine(OPERATION, err.into()))?.to_bytes();
        serde_json::from_slice(&bytes)
            .map_err(|err| error::internal(OPERATION, "the engine's reading is odd", err))
    }
}

fn cpu(reading: &Reading) -> Option<u64> {
    reading.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage
}

/// Processor time over wall time in percent. The system's own counter moves in steps of 10 ms: too coarse.
#[allow(clippy::cast_precision_loss)]
fn share(from: Point, to: Point) -> f64 {
    if to.1 <= from.1 {
        return 0.0;
    }
    to.0.saturating_sub(from.0) as f64 / (to.1 - from.1) as f64 * 100.0
}

fn convert(reading: &Reading) -> ContainerStats {
    let mut stats = ContainerStats { cpu_nanos: cpu(reading).unwrap_or(0), ..Default::default() };
    if let Some(memory) = &reading.memory_stats {
        stats.memory_bytes = working_set(memory);
        stats.memory_limit_bytes = memory.limit.unwrap_or(0);
    }
    stats.pids = reading.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or(0);
    for network in reading.networks.iter().flat_map(|networks| networks.values()) {
        stats.network_rx_bytes += network.rx_bytes.unwrap_or(0);
        stats.network_tx_bytes += network.tx_bytes.unwrap_or(0);
    }
    let disk = reading.blkio_stats.as_ref().and_then(|disk| disk.io_service_bytes_recursive.as_ref());
    for entry in disk.into_iter().flatten() {
        // `Read` on version 1, `read` on version 2.
        match entry.op.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("read") => stats.block_read_bytes += entry.value.unwrap_or(0),
            Some("write") => stats.block_write_bytes += entry.value.unwrap_or(0),
            _ => {}
        }
    }
    stats
}

/// Memory without the page cache that can be reclaimed: `total_inactive_file` on version 1, `inactive_file` on 2.
fn working_set(memory: &ContainerMemoryStats) -> u64 {
    let detail = memory.stats.as_ref();
    let inactive =
        detail.and_then(|detail| detail.get("total_inactive_file").or_else(|| detail.get("inactive_file")));
    memory.usage.unwrap_or(0).saturating_sub(inactive.copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_understood() {
        let v1: Reading = serde_json::from_str(
            r#"{"read":"2026-11-21T01:34:24.4Z","blkio_stats":{"io_service_bytes_recursive":[]},
                "pids_stats":{"current":3},"cpu_stats":{"cpu_usage":{"total_usage":50}},
                "memory_stats":{"usage":1000,"limit":5000,"stats":{"total_inactive_file":400,"inactive_file":1}},
                "networks":{"eth0":{"rx_bytes":1,"tx_bytes":2},"eth1":{"rx_bytes":10,"tx_bytes":20}}}"#,
        )
        .unwrap();
        let stats = convert(&v1);
        assert_eq!(
            (stats.memory_bytes, stats.memory_limit_bytes, stats.pids, stats.cpu_nanos),
            (600, 5000, 3, 50)
        );
        assert_eq!((stats.network_rx_bytes, stats.network_tx_bytes), (11, 22));
        let v2: Reading = serde_json::from_str(
            r#"{"blkio_stats":{"io_service_bytes_recursive":[{"op":"read","value":7},{"op":"write","value":8}],
                "io_serviced_recursive":null},"memory_stats":{"usage":1000,"stats":{"inactive_file":300}}}"#,
        )
        .unwrap();
        let stats = convert(&v2);
        assert_eq!((stats.memory_bytes, stats.block_read_bytes, stats.block_write_bytes), (700, 7, 8));
    }

    #[test]
    fn a_share_is_of_one_processor() {
        assert!((share((0, 0), (150, 100)) - 150.0).abs() < 1e-9);
        assert!(share((5, 0), (1, 1)).abs() < 1e-9);
        assert!(share((0, 1), (1, 1)).abs() < 1e-9);
    }

    #[test]
    fn the_last_reading_is_remembered_for_each_container() {
        let readings = Readings::default();
        assert_eq!(readings.replace("a", (1, 1)), None);
        assert_eq!(readings.replace("b", (2, 2)), None);
        assert_eq!(readings.clone().replace("a", (3, 3)), Some((1, 1)));
    }
}
