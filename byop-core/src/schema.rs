//! JSON Schemas of what users write, made from the types: for editors, forms and checks before a text is sent.
//!
//! A schema says what the types say. What only [`AppSpec::validate`](crate::model::AppSpec::validate) can tell, such
//! as repeated names, it does not.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};

use crate::model::{
    AppReport, AppRetention, AppSpec, AuditRecord, AuditReport, BuildReport, Census, Client, ClientSpec,
    CloudCapabilities, Component, ContainerStats, ContainerSummary, Customer, CustomerSpec, Deployment,
    DeploymentReport, DnsRecord, Domain, DriftReport, Event, FirewallSpec, HostSpec, Job, LogLine,
    PowerAction, Preview, PreviewApp, PreviewAppSpec, ProjectFile, Proposal, Rebuilt, Region, Release,
    RepairReport, ReservedIp, Resource, Schedule, ScheduleSpec, ScheduledRun, Server, ServerFilter,
    ServerImage, ServerPlan, ServerReport, ServerRequest, ServerSize, ServerSpec, ServiceFound, Snapshot,
    SourceLimits, StepPolicy, SweepReport, Target, Ticket, TicketSpec,
};
use crate::{ErrorKind, ErrorReport};

/// Brings the definitions of these types into a generator.
macro_rules! each {
    ($generator:ident, $($kind:ty),* $(,)?) => {{
        let generator: &mut SchemaGenerator = &mut $generator;
        $(generator.subschema_for::<$kind>();)*
    }};
}

/// The schema (draft 2020-12) of an [`AppSpec`] in its JSON form.
///
/// ```
/// let schema = byop_core::schema::app_spec();
/// assert_eq!(schema["required"], serde_json::json!(["name", "source"]));
/// ```
#[must_use]
pub fn app_spec() -> Value {
    of::<AppSpec>("What an owner wants to run with byop")
}

/// The schema (draft 2020-12) of a `byop.yaml`.
///
/// ```
/// let schema = byop_core::schema::project_file();
/// assert_eq!(schema["additionalProperties"], false);
/// ```
#[must_use]
pub fn project_file() -> Value {
    let mut schema = of::<ProjectFile>("What an app says about itself: byop.yaml");
    // The limits of a build are the owner's: the reader refuses them.
    if let Some(build) = schema.pointer_mut("/$defs/BuildSpec/properties").and_then(Value::as_object_mut) {
        build.remove("memory_bytes");
        build.remove("cpus");
    }
    if let Some(build) = schema.pointer_mut("/properties/build").and_then(Value::as_object_mut) {
        build.remove("default");
    }
    // A plain value of YAML is the text that it is where a text is wanted.
    loosen(&mut schema);
    schema
}

/// The schemas (draft 2020-12) of all data that an [`Engine`](crate::engine::Engine) and the ports take and give, by the
/// names of their types: for those who speak to byop in another language.
///
/// What users write says which keys may be left out; of what byop answers every key is there, unless it says otherwise.
///
/// ```
/// let model = byop_core::schema::model();
/// assert!(model["Job"]["properties"]["state"].is_object());
/// ```
#[must_use]
pub fn model() -> Value {
    let mut answers = SchemaSettings::draft2020_12().for_serialize().into_generator();
    each!(
        answers,
        AppReport,
        AuditRecord,
        AuditReport,
        BuildReport,
        Census,
        Client,
        CloudCapabilities,
        Component,
        ContainerStats,
        ContainerSummary,
        Customer,
        Deployment,
        DeploymentReport,
        DnsRecord,
        Domain,
        DriftReport,
        ErrorKind,
        ErrorReport,
        Event,
        FirewallSpec,
        Job,
        LogLine,
        PowerAction,
        Preview,
        PreviewApp,
        Proposal,
        Rebuilt,
        Region,
        Release,
        RepairReport,
        ReservedIp,
        Resource,
        Schedule,
        ScheduledRun,
        Server,
        ServerFilter,
        ServerImage,
        ServerPlan,
        ServerReport,
        ServerSize,
        ServerSpec,
        ServiceFound,
        Snapshot,
        SweepReport,
        Target,
        Ticket,
        crate::stage::Data,
    );
    #[cfg(feature = "seal")]
    each!(answers, crate::engine::KeyRotation, crate::engine::StoredSecret);
    let mut wishes = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    each!(
        wishes,
        AppRetention,
        AppSpec,
        ClientSpec,
        CustomerSpec,
        HostSpec,
        PreviewAppSpec,
        ScheduleSpec,
        ServerRequest,
        SourceLimits,
        StepPolicy,
        TicketSpec,
    );
    let mut all = answers.take_definitions(true);
    all.extend(wishes.take_definitions(true));
    Value::Object(all)
}

fn of<T: schemars::JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = json!(title);
    schema
}

/// Lets numbers and flags stand for texts: `version: 22` in YAML is the version `22`.
fn loosen(schema: &mut Value) {
    let plain = ["string", "number", "boolean"];
    let is_closed = schema.get("enum").is_some() || schema.get("const").is_some();
    match schema {
        Value::Array(list) => list.iter_mut().for_each(loosen),
        Value::Object(map) => {
            if let (Some(kind), false) = (map.get_mut("type"), is_closed) {
                if kind == "string" {
                    *kind = json!(plain);
                } else if *kind == json!(["string", "null"]) {
                    *kind = json!(["string", "number", "boolean", "null"]);
                }
            }
            map.values_mut().for_each(loosen);
        }
        _ => {}
    }
}
