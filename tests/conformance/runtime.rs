//! Container runtimes.

mod fake {
    use byop_core::testing::runtime_suite::RuntimeEnv;

    async fn make() -> Option<RuntimeEnv> {
        Some(RuntimeEnv::fake())
    }

    byop_core::container_runtime_suite!(make);
}
