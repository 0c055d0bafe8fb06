//! Lets requests go to the new release.

use async_trait::async_trait;

use super::{Stage, StageContext};
use crate::error::Result;
use crate::model::Route;

/// Lets requests go where the route says; done when the proxy does so.
#[derive(Debug)]
pub struct Switch;

#[async_trait]
impl Stage for Switch {
    type Context = StageContext;
    type Input = Route;
    type Output = ();
    const NAME: &'static str = "switch";

    fn describe(&self, input: &Route) -> String {
        match (&input.serving, &input.candidate) {
            (Some(backend), _) => format!("send requests to release {}", backend.release),
            (None, Some(backend)) => format!("let probes reach release {}", backend.release),
            (None, None) => "take the app off the proxy".into(),
        }
    }

    async fn run(&self, cx: &StageContext, input: &Route) -> Result<()> {
        cx.ingress.apply_route(cx.runtime.as_ref(), input).await
    }
}
