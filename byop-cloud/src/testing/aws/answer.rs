//! Answers in the vendor's forms.

use std::fmt::Write as _;

use crate::http::{Request, Response};

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// Whether the request should never have been sent.
    pub(super) is_complaint: bool,
}

impl Fault {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), is_complaint: false }
    }

    /// Of a request that the vendor's description does not allow.
    pub(super) fn complaint(code: &str, message: impl Into<String>) -> Self {
        Self { is_complaint: true, ..Self::new(400, code, message) }
    }

    pub(super) fn missing(what: &str, id: &str) -> Self {
        Self::new(400, &format!("{what}.NotFound"), format!("The ID '{id}' does not exist"))
    }
}

/// A success.
pub(super) enum Answer {
    Ec2(String),
    Identity,
}

impl Answer {
    pub(super) fn response(&self, action: &str, number: u64) -> Response {
        let body = match self {
            Self::Ec2(inner) => format!(
                "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{}</requestId>{inner}\
                 </{action}Response>",
                id(number)
            ),
            Self::Identity => format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/byop</Arn><UserId>AIDA</UserId>\
                 <Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>{}</RequestId>\
                 </ResponseMetadata></GetCallerIdentityResponse>",
                id(number)
            ),
        };
        xml(200, &body, number)
    }
}

pub(super) fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

pub(super) fn xml(status: u16, body: &str, number: u64) -> Response {
    let mut response = Response::new(status);
    response.headers.push(("content-type".into(), "text/xml;charset=UTF-8".into()));
    response.headers.push(("x-amzn-requestid".into(), id(number)));
    response.body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}").into_bytes();
    response
}

pub(super) fn json(status: u16, body: &serde_json::Value, number: u64) -> Response {
    let mut response = Response::new(status);
    response.headers.push(("content-type".into(), "application/x-amz-json-1.1".into()));
    response.headers.push(("x-amzn-requestid".into(), id(number)));
    response.body = body.to_string().into_bytes();
    response
}

/// An error, in the form of the service that was asked.
pub(super) fn error(request: &Request, fault: &Fault, number: u64) -> Response {
    let is_json = request.headers.iter().any(|(name, _)| name == "x-amz-target");
    if is_json {
        let body = serde_json::json!({ "__type": fault.code, "message": fault.message });
        return json(fault.status, &body, number);
    }
    let (code, message) = (escape(&fault.code), escape(&fault.message));
    let body = if request.url.contains("/2013-04-01/") {
        format!(
            "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
            id(number)
        )
    } else {
        errors(&code, &message, number)
    };
    xml(fault.status, &body, number)
}

fn errors(code: &str, message: &str, number: u64) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{}</RequestID></Response>",
        id(number)
    )
}

pub(super) fn refusal(status: u16, code: &str, number: u64) -> Response {
    xml(status, &errors(code, "refused without looking", number), number)
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An element with a text.
pub(super) fn tag(name: &str, value: impl std::fmt::Display) -> String {
    format!("<{name}>{}</{name}>", escape(&value.to_string()))
}

/// A list as the vendor writes them.
pub(super) fn set(name: &str, items: impl IntoIterator<Item = String>) -> String {
    let mut text = format!("<{name}>");
    for item in items {
        // Writing to a text does not fail.
        let _ = write!(text, "<item>{item}</item>");
    }
    text + &format!("</{name}>")
}
