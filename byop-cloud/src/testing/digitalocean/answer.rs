//! Calls and answers in DigitalOcean's form.

use std::collections::BTreeMap;

use byop_core::clock::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::http::{Method, Request, Response};

/// A request, taken apart.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The parts of the path after the version.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Call {
    /// Nothing for what is not addressed to this version of the API.
    pub(super) fn read(request: &Request) -> Option<Self> {
        let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.split_once("/v2/")?.1;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Some(Self {
            method: request.method,
            path: path.split('/').map(decode).collect(),
            query: pairs.map(|(name, value)| (decode(name), decode(value))).collect(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
        })
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let list = self.body[key].as_array().into_iter().flatten();
        list.filter_map(|value| Some(value.as_str()?.to_owned())).collect()
    }
}

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) id: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        let id = match status {
            400 => "bad_request",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            409 => "conflict",
            422 => "unprocessable_entity",
            429 => "too_many_requests",
            503 => "service_unavailable",
            _ => "server_error",
        };
        Self { status, id, message: message.into() }
    }

    pub(super) fn missing() -> Self {
        Self::new(404, "The resource you were accessing could not be found.")
    }

    pub(super) fn pending() -> Self {
        Self::new(422, "Droplet already has a pending event.")
    }

    pub(super) fn response(&self, number: u64) -> Response {
        let request_id = format!("4d9d8375-3c56-4925-a3e7-{number:012x}");
        answer(self.status, &json!({"id": self.id, "message": self.message, "request_id": request_id}))
    }
}

pub(super) type Answer = Result<Response, Refusal>;

pub(super) fn answer(status: u16, body: &Value) -> Response {
    let mut response = Response::new(status);
    response.headers.push(("content-type".into(), "application/json; charset=utf-8".into()));
    response.body = body.to_string().into_bytes();
    response
}

/// One thing under its name.
pub(super) fn one(status: u16, key: &str, value: Value) -> Answer {
    Ok(answer(status, &Value::Object(Map::from_iter([(key.to_owned(), value)]))))
}

/// Nothing to say.
pub(super) fn done() -> Answer {
    Ok(Response::new(204))
}

/// One page of a list. The link to the next has the public host, whoever was asked.
pub(super) fn page(call: &Call, key: &str, items: Vec<Value>, most: usize) -> Answer {
    let number = |name: &str, default: usize| {
        call.query.get(name).and_then(|text| text.parse().ok()).filter(|n| *n > 0).unwrap_or(default)
    };
    let (page, size) = (number("page", 1), number("per_page", 20).min(200).min(most));
    let total = items.len();
    let shown: Vec<_> = items.into_iter().skip((page - 1) * size).take(size).collect();
    let mut links = json!({});
    if page * size < total {
        let others = call.query.iter().filter(|(name, _)| *name != "page");
        let others: String = others.map(|(name, value)| format!("&{name}={value}")).collect();
        let url =
            format!("https://api.digitalocean.com/v2/{}?page={}{others}", call.path.join("/"), page + 1);
        links = json!({"pages": {"next": url, "last": url}});
    }
    let mut body = json!({"links": links, "meta": {"total": total}});
    body[key] = Value::Array(shown);
    Ok(answer(200, &body))
}

/// A moment as DigitalOcean writes it: whole seconds of UTC.
pub(super) fn moment(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since the first of March of year 0, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + carry;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_795_219_261_999, "2026-11-21T00:01:01Z"),
        ] {
            assert_eq!(moment(Timestamp(millis)), text);
        }
    }
}
