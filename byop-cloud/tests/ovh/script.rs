//! A transport that answers from a list and keeps what was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use byop_cloud::http::{Request, Response, Transport};
use byop_cloud::ovh::Ovh;
use byop_cloud::registry::ProviderOptions;
use byop_core::Result;

/// Status, headers, body. The time is told without being asked for in the list.
pub(crate) type Answer = (u16, &'static [(&'static str, &'static str)], String);

#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    sent: Mutex<Vec<Request>>,
}

impl Script {
    pub(crate) fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: &Request) -> Result<Response> {
        let mut response = Response::new(200);
        if request.url.ends_with("/auth/time") {
            response.body = b"1767225600".to_vec();
            return Ok(response);
        }
        self.sent.lock().unwrap().push(request.clone());
        let (status, headers, body) =
            self.answers.lock().unwrap().pop_front().unwrap_or((200, &[], "[]".to_owned()));
        response.status = status;
        response.headers.extend(headers.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        response.body = body.into();
        Ok(response)
    }
}

/// A provider in the project `p` that gets these answers; later ones are empty lists.
pub(crate) fn provider(answers: Vec<Answer>) -> (Ovh, Arc<Script>) {
    let script = Arc::new(Script::default());
    script.answers.lock().unwrap().extend(answers);
    let options = ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"]
        .iter()
        .fold(ProviderOptions::new(), |options, name| options.with_setting(*name, "x".to_owned()));
    let provider = Ovh::from_options(&options).unwrap().with_project("p");
    (provider.with_transport(Arc::<Script>::clone(&script)), script)
}

pub(crate) fn ok(body: &str) -> Answer {
    (200, &[], body.to_owned())
}
