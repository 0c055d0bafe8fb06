//! What happens on the engine.

use std::collections::BTreeMap;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::lines::Messages;
use super::{Docker, error, label_filters};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::{ContainerFilter, RuntimeEvent};

const OPERATION: &str = "runtime.events";

/// Not bollard's type: that one knows a closed list of objects and fails on any other.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "Type", default)]
    object: String,
    #[serde(rename = "Action", default)]
    action: String,
    #[serde(rename = "Actor", default)]
    actor: Actor,
    #[serde(rename = "timeNano", default)]
    nanos: i64,
}

#[derive(Default, Deserialize)]
struct Actor {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(rename = "Attributes", default)]
    attributes: Option<BTreeMap<String, String>>,
}

pub(super) async fn open(
    docker: &Docker,
    filter: &ContainerFilter,
) -> Result<BoxStream<'static, Result<RuntimeEvent>>> {
    let filters = serde_json::to_string(&label_filters(filter))
        .map_err(|err| error::internal(OPERATION, "the filter cannot be written", err))?;
    let path = format!("/events?filters={}", utf8_percent_encode(&filters, NON_ALPHANUMERIC));
    // The engine answers when it listens, so nothing that happens after this is missed.
    let body = docker.wire.get(OPERATION, &path).await?;
    Ok(Messages::new(OPERATION, body).into_stream::<Message>().map_ok(convert).boxed())
}

fn convert(message: Message) -> RuntimeEvent {
    RuntimeEvent {
        time: Timestamp(message.nanos / 1_000_000),
        object: message.object,
        action: message.action,
        id: message.actor.id,
        attributes: message.actor.attributes.unwrap_or_default(),
    }
}
