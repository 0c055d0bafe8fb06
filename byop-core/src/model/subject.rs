//! What a job works on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::AppName;
use crate::error::{Error, Result};

/// What a job works on, such as `app/shop` or `server/web-1`. Two jobs never work on one subject at the same time.
///
/// As text, and in JSON, it is `app/shop` or `server/web-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Subject {
    /// An app.
    App(AppName),
    /// A rented server, by the name that its owner gave it.
    Server(AppName),
}

impl Subject {
    /// The app, if it is one.
    #[must_use]
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::App(name) => Some(name),
            Self::Server(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(name) => write!(f, "app/{name}"),
            Self::Server(name) => write!(f, "server/{name}"),
        }
    }
}

impl FromStr for Subject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('/') {
            Some(("app", name)) => Ok(Self::App(AppName::new(name)?)),
            Some(("server", name)) => Ok(Self::Server(AppName::new(name)?)),
            _ => Err(Error::invalid("subject.parse", "this is not the subject of a job")
                .with_context("subject", text.chars().take(80).collect::<String>().escape_debug())
                .with_remedy("write `app/<name>` or `server/<name>`")),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl From<AppName> for Subject {
    fn from(name: AppName) -> Self {
        Self::App(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_back_from_its_text() {
        for text in ["app/shop", "server/web-1"] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        for text in ["", "shop", "app/", "app/A", "disk/a", "app/a/b"] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
