//! What the simulated API answers with, in the vendor's forms.

use byop_core::clock::Timestamp;
use serde_json::{Value, json};

use crate::http::Response;

/// A refusal: status, class, message.
pub(super) type Refusal = (u16, &'static str, String);
/// An answer: a value, or a refusal.
pub(super) type Answer = Result<Reply, Refusal>;

/// What a call gives.
pub(super) enum Reply {
    /// A thing.
    Thing(Value),
    /// A list; when nothing is in it, it is sometimes `null`.
    List(Vec<Value>),
    /// A page of a list, and where the next one begins.
    Page(Vec<Value>, Option<String>),
    /// No result: `null`, or not even that.
    Nothing,
}

pub(super) fn thing(value: Value) -> Answer {
    Ok(Reply::Thing(value))
}

pub(super) fn not_found(what: &str) -> Refusal {
    (404, "Client::NotFound", format!("This {what} does not exist"))
}

pub(super) fn bad_request(message: impl Into<String>) -> Refusal {
    (400, "Client::BadRequest", message.into())
}

pub(super) fn conflict(class: &'static str, message: impl Into<String>) -> Refusal {
    (409, class, message.into())
}

/// On the wire; `number` is that of the request.
pub(super) fn on_wire(answer: Answer, number: u64) -> Response {
    let mut response = match answer {
        Ok(reply) => {
            let mut response = Response::new(200);
            response.body = match reply {
                Reply::Thing(value) => value.to_string().into(),
                Reply::List(items) if items.is_empty() && number.is_multiple_of(2) => b"null".to_vec(),
                Reply::List(items) => Value::Array(items).to_string().into(),
                Reply::Page(items, next) => {
                    response.headers.extend(next.map(|next| ("x-pagination-cursor-next".to_owned(), next)));
                    Value::Array(items).to_string().into()
                }
                Reply::Nothing if number.is_multiple_of(2) => b"null".to_vec(),
                Reply::Nothing => Vec::new(),
            };
            response
        }
        Err((status, class, message)) => {
            let mut response = Response::new(status);
            // Older routes say it in another form.
            let body = if class.contains("::") {
                json!({ "class": class, "message": message })
            } else {
                json!({ "errorCode": class, "httpCode": status.to_string(), "message": message })
            };
            response.body = body.to_string().into();
            response
        }
    };
    response.headers.push(("content-type".into(), "application/json; charset=utf-8".into()));
    response.headers.push(("x-ovh-queryid".into(), format!("EU.ext-1.{number:08x}")));
    response
}

/// A moment as it stands in answers.
pub(super) fn moment(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years that begin in March, counted from the first of March of year 0.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_219_261, "2026-11-21T00:01:01Z"),
        ] {
            assert_eq!(moment(Timestamp(seconds * 1000)), text);
        }
    }
}
