//! What the engine is.

use super::{Docker, error};
use crate::error::Result;
use crate::model::{Builder, RuntimeInfo};

const OPERATION: &str = "runtime.info";
/// The first API whose engines build with BuildKit.
const BUILDKIT_SINCE: (u32, u32) = (1, 39);

impl Docker {
    pub(super) async fn engine_info(&self) -> Result<RuntimeInfo> {
        let failed = |failure| error::engine(OPERATION, failure);
        let version = self.api.version().await.map_err(failed)?;
        let info = self.api.info().await.map_err(failed)?;
        let spoken = self.wire.version().await.map_err(failed)?;
        // Podman answers on the same API, but has a builder of its own behind it.
        let podman = version.components.iter().flatten().any(|part| part.name.contains("Podman"));
        let mut out = RuntimeInfo::new(info.id.unwrap_or_default());
        out.version = info.server_version.unwrap_or_default();
        out.api_version = version.api_version.unwrap_or_default();
        out.is_local = self.wire.is_local();
        out.os = info.os_type.unwrap_or_default();
        out.builder = if !podman && out.os == "linux" && spoken >= Some(BUILDKIT_SINCE) {
            Builder::BuildKit
        } else {
            Builder::Classic
        };
        out.cpus = info.ncpu.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        out.memory_bytes = info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        out.architecture = info.architecture.unwrap_or_default();
        Ok(out)
    }
}
