//! What there is to have: one region, and the sizes that the engine's machine can give.

use super::missing;
use crate::docker::Docker;
use crate::docker::machine::MachineLimits;
use crate::error::Result;
use crate::model::{Region, RegionId, ServerSize};
use crate::runtime::ContainerRuntime;

const LOCAL: &str = "local";
const GIB: u64 = 1 << 30;
const SIZES: [(&str, MachineLimits); 3] = [
    ("small", MachineLimits { cpus: 1, memory_bytes: GIB }),
    ("medium", MachineLimits { cpus: 2, memory_bytes: 2 * GIB }),
    ("large", MachineLimits { cpus: 4, memory_bytes: 8 * GIB }),
];

pub(super) fn region() -> RegionId {
    RegionId(LOCAL.into())
}

pub(super) fn regions() -> Vec<Region> {
    vec![Region { id: region(), name: "The engine's machine".into() }]
}

pub(super) fn check_region(operation: &'static str, region: &RegionId) -> Result<()> {
    if region.0 == LOCAL { Ok(()) } else { Err(missing(operation, "region", region)) }
}

/// Those that the engine's machine has room for; the smallest always. Their disk is the engine's, without a limit of
/// its own.
pub(super) async fn sizes(engine: &Docker, operation: &'static str) -> Result<Vec<ServerSize>> {
    let host = engine.info().await.map_err(|error| error.with_operation(operation))?;
    let fits = |limits: &MachineLimits| limits.cpus <= host.cpus && limits.memory_bytes <= host.memory_bytes;
    let offered = SIZES.iter().enumerate().filter(|(index, (_, limits))| *index == 0 || fits(limits));
    let size = |(name, limits): &(&str, MachineLimits)| {
        ServerSize::new(*name, limits.cpus, limits.memory_bytes, 0).with_architecture(&host.architecture)
    };
    Ok(offered.map(|(_, known)| size(known)).collect())
}

/// What a server of this size may use.
pub(super) async fn limits(engine: &Docker, operation: &'static str, name: &str) -> Result<MachineLimits> {
    let offered = sizes(engine, operation).await?;
    let size = offered.iter().find(|size| size.id == name).ok_or_else(|| missing(operation, "size", name))?;
    Ok(MachineLimits { cpus: size.cpus, memory_bytes: size.memory_bytes })
}

/// The size that a server with these limits has.
pub(super) fn size_of(limits: MachineLimits) -> Option<&'static str> {
    SIZES.iter().find(|(_, known)| *known == limits).map(|(name, _)| *name)
}
