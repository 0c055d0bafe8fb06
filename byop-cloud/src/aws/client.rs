//! Requests in the forms that the vendor speaks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use byop_core::clock::{Clock, SystemClock};
use byop_core::digest::Digest;
use byop_core::{Result, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::{Config, HOME, Service};
use super::credentials::{CredentialSource, Origin};
use super::error::{broken, check, check_fresh};
use super::sign::{Scope, Signer};
use super::xml::{Document, Node, text};
use crate::http::{Client, Method, Repeat, Request, Response, RetryPolicy, Transport, collect_pages};

const EC2_VERSION: &str = "2016-11-15";
const STS_VERSION: &str = "2011-06-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What stays as it is in forms and queries.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How long something that was made a moment ago may be unknown until a call gives up.
const FRESH: RetryPolicy = RetryPolicy {
    tries: 10,
    within: Duration::from_secs(20),
    shortest: Duration::from_millis(300),
    longest: Duration::from_secs(3),
};

/// A text as it stands in forms and queries.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// An action with its parameters.
#[derive(Clone)]
pub(super) struct Form {
    action: &'static str,
    params: Vec<(String, Secret)>,
    filters: usize,
}

/// Values may be secret: the user data of a server is one.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Form {
    pub(super) fn new(action: &'static str) -> Self {
        Self { action, params: Vec::new(), filters: 0 }
    }

    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), Secret::new(value)));
        self
    }

    /// Adds a list, counted from one.
    pub(super) fn with_list<T: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        values
            .into_iter()
            .enumerate()
            .fold(self, |form, (n, value)| form.with(format!("{name}.{}", n + 1), value.as_ref()))
    }

    pub(super) fn with_filter<T: AsRef<str>>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        self.filters += 1;
        let filter = format!("Filter.{}", self.filters);
        self.with(format!("{filter}.Name"), name).with_list(&format!("{filter}.Value"), values)
    }

    /// Adds the same tags for things of several types.
    pub(super) fn with_tags(self, types: &[&str], tags: &[(String, String)]) -> Self {
        types.iter().enumerate().fold(self, |form, (n, kind)| {
            let specification = format!("TagSpecification.{}", n + 1);
            let form = form.with(format!("{specification}.ResourceType"), *kind);
            tags.iter().enumerate().fold(form, |form, (n, (name, value))| {
                form.with(format!("{specification}.Tag.{}.Key", n + 1), name)
                    .with(format!("{specification}.Tag.{}.Value", n + 1), value)
            })
        })
    }

    /// What is asked for, in short.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.body(EC2_VERSION))
    }

    fn body(&self, version: &str) -> String {
        let mut body = format!("Action={}&Version={version}", self.action);
        for (name, value) in &self.params {
            body.push('&');
            body.push_str(&encode(name));
            body.push('=');
            body.push_str(&encode(value.expose()));
        }
        body
    }
}

/// Whether a call is about something that was made a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Age {
    Settled,
    Fresh,
}

/// What requests go through: one client for each service and region, since limits count for each of them.
pub(super) struct Api {
    pub(super) config: Config,
    origin: Origin,
    transport: Arc<dyn Transport>,
    metadata: Arc<dyn Transport>,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    credentials: Arc<CredentialSource>,
    clients: Mutex<BTreeMap<(Service, String, Age), Arc<Client>>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("regions", &self.config.regions).finish_non_exhaustive()
    }
}

impl Api {
    pub(super) fn new(
        config: Config,
        origin: Origin,
        transport: Arc<dyn Transport>,
        metadata: Arc<dyn Transport>,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let credentials = CredentialSource::new(origin.clone(), Arc::clone(&metadata), Arc::clone(&clock));
        Self {
            config,
            origin,
            transport,
            metadata,
            policy: RetryPolicy::default(),
            clock,
            credentials: Arc::new(credentials),
            clients: Mutex::default(),
        }
    }

    pub(super) fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.metadata = Arc::clone(&transport);
        self.transport = transport;
        self.renewed()
    }

    pub(super) fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self.renewed()
    }

    pub(super) fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self.renewed()
    }

    fn renewed(mut self) -> Self {
        let metadata = Arc::clone(&self.metadata);
        let source = CredentialSource::new(self.origin.clone(), metadata, Arc::clone(&self.clock));
        self.credentials = Arc::new(source);
        self.clients = Mutex::default();
        self
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn client(&self, service: Service, region: &str, age: Age) -> Arc<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry((service, region.to_owned(), age)).or_insert_with(|| {
            let signer = Signer {
                transport: Arc::clone(&self.transport),
                credentials: Arc::clone(&self.credentials),
                clock: Arc::clone(&self.clock),
                scope: Scope { service: service.name(), region: region.to_owned() },
            };
            let policy = match age {
                Age::Settled => self.policy,
                Age::Fresh => RetryPolicy {
                    tries: self.policy.tries.min(FRESH.tries),
                    within: self.policy.within.min(FRESH.within),
                    ..FRESH
                },
            };
            let client =
                Client::new(Arc::new(signer)).with_policy(policy).with_clock(Arc::clone(&self.clock));
            Arc::new(client.with_check(if age == Age::Fresh { check_fresh } else { check }))
        });
        Arc::clone(client)
    }

    /// One call of EC2 that may be repeated.
    pub(super) async fn ec2<T>(
        &self,
        operation: &'static str,
        region: &str,
        form: Form,
        read: impl FnOnce(Node<'_, '_>) -> T,
    ) -> Result<T> {
        self.ec2_as(operation, region, form, (Repeat::Safe, Age::Settled), read).await
    }

    /// One call of EC2.
    pub(super) async fn ec2_as<T>(
        &self,
        operation: &'static str,
        region: &str,
        form: Form,
        (repeat, age): (Repeat, Age),
        read: impl FnOnce(Node<'_, '_>) -> T,
    ) -> Result<T> {
        let url = format!("{}/", self.config.url(Service::Ec2, region));
        let request = Request::new(operation, Method::Post, url)
            .with_body(FORM, form.body(EC2_VERSION))
            .with_repeat(repeat);
        let response = self.client(Service::Ec2, region, age).send(&request).await?;
        read_xml(&request, &response, read)
    }

    /// Every page of a list of EC2.
    pub(super) async fn ec2_list<T>(
        &self,
        operation: &'static str,
        region: &str,
        form: Form,
        read: impl Fn(Node<'_, '_>) -> Vec<T>,
    ) -> Result<Vec<T>> {
        collect_pages(operation, None, |cursor: Option<String>| {
            let form = cursor.iter().fold(form.clone(), |form, token| form.with("NextToken", token));
            let read = &read;
            async move {
                let page = |root: Node<'_, '_>| (read(root), text(root, "nextToken"));
                let (items, next) = self.ec2(operation, region, form, page).await?;
                Ok((items, next.map(Some)))
            }
        })
        .await
    }

    /// The account that the credentials belong to.
    pub(super) async fn caller(&self, operation: &'static str, region: &str) -> Result<Option<String>> {
        let url = format!("{}/", self.config.url(Service::Sts, region));
        let request = Request::new(operation, Method::Post, url)
            .with_body(FORM, Form::new("GetCallerIdentity").body(STS_VERSION))
            .with_repeat(Repeat::Safe);
        let response = self.client(Service::Sts, region, Age::Settled).send(&request).await?;
        read_xml(&request, &response, |root| text(root, "GetCallerIdentityResult/Account"))
    }

    /// One call of the parameter store.
    pub(super) async fn ssm<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        region: &str,
        target: &'static str,
        input: &impl Serialize,
    ) -> Result<T> {
        let url = format!("{}/", self.config.url(Service::Ssm, region));
        let body = serde_json::to_vec(input).unwrap_or_default();
        let request = Request::new(operation, Method::Post, url)
            .with_body("application/x-amz-json-1.1", body)
            .with_header("x-amz-target", format!("AmazonSSM.{target}"))
            .with_repeat(Repeat::Safe);
        self.client(Service::Ssm, region, Age::Settled).send(&request).await?.json(&request)
    }

    /// One call of the name servers' interface; `path` begins after its version.
    pub(super) async fn route53<T>(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Option<String>,
        read: impl FnOnce(Node<'_, '_>) -> T,
    ) -> Result<T> {
        let url = format!("{}/2013-04-01/{path}", self.config.url(Service::Route53, HOME));
        let mut request = Request::new(operation, method, url).with_repeat(Repeat::Safe);
        if let Some(body) = body {
            request = request.with_body("text/xml", body);
        }
        let response = self.client(Service::Route53, HOME, Age::Settled).send(&request).await?;
        read_xml(&request, &response, read)
    }
}

fn read_xml<T>(request: &Request, response: &Response, read: impl FnOnce(Node<'_, '_>) -> T) -> Result<T> {
    let text =
        std::str::from_utf8(&response.body).map_err(|error| broken(request, response).with_source(error))?;
    let document = Document::parse(text).map_err(|error| broken(request, response).with_source(error))?;
    Ok(read(document.root_element()))
}
