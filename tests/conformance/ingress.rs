//! Proxies.

mod fake {
    use std::sync::Arc;

    use byop_core::testing::ingress_suite::Subject;
    use byop_core::testing::runtime_suite::RuntimeEnv;
    use byop_core::testing::{FakeIngress, FakeRuntime};

    async fn make() -> Option<Subject> {
        let engine = FakeRuntime::new();
        Some(Subject::new(RuntimeEnv::on_fake(engine.clone()), Arc::new(FakeIngress::new(&engine))))
    }

    byop_core::ingress_suite!(make);
}
