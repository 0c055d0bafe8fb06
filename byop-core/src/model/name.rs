//! Checked names: what is one of these is safe as a DNS label, an image repository, a label value or a variable.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

macro_rules! text_newtype {
    ($(#[$meta:meta])* $name:ident, $check:ident, $pattern:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(with = "String", extend("pattern" = $pattern)))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a text.
            ///
            /// # Errors
            /// `InvalidInput`, with the text and what was expected.
            pub fn new(text: impl Into<String>) -> Result<Self> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

text_newtype!(
    /// The name of an app: a DNS label of at most 40 characters, so that it also fits into names of
    /// containers, networks and image repositories.
    AppName,
    check_app_name,
    "^(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*$"
);
text_newtype!(
    /// The id of a client, the business that uses the platform: by the same rule as the name of an app, so that it
    /// is good as a DNS label and in the name of an image.
    ClientId,
    check_client_id,
    "^(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*$"
);
text_newtype!(
    /// A host name in lower case, such as `shop.example.com` (RFC 1123; at most 253 characters).
    DomainName,
    check_domain,
    "^(?=.{1,253}$)(?!(.*[.])?[0-9]+$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
);
text_newtype!(
    /// The name of an environment variable (POSIX: letters, digits and `_`, not starting with a digit).
    EnvName,
    check_env_name,
    "^[A-Za-z_][A-Za-z0-9_]{0,127}$"
);
text_newtype!(
    /// An e-mail address as it stands in a mail's envelope, such as `ops@acme.example`: without a name beside it,
    /// quotes or comments.
    EmailAddress,
    check_email,
    "^[^@]{1,64}@[^@]{1,253}$"
);

fn show(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= 63
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

fn is_slug(text: &str) -> bool {
    is_label(text) && text.len() <= 40 && !text.contains("--")
}

fn check_client_id(text: &str) -> Result<()> {
    if is_slug(text) {
        return Ok(());
    }
    Err(Error::invalid("client.id", "this is not a valid id of a client")
        .with_context("id", show(text))
        .with_remedy("use 1 to 40 lower-case letters, digits and single hyphens, starting and ending with a letter or digit"))
}

fn check_app_name(text: &str) -> Result<()> {
    if is_slug(text) {
        return Ok(());
    }
    Err(Error::invalid("app.name", "this is not a valid app name")
        .with_context("name", show(text))
        .with_remedy("use 1 to 40 lower-case letters, digits and single hyphens, starting and ending with a letter or digit"))
}

fn check_domain(text: &str) -> Result<()> {
    let labels_fit = text.split('.').all(is_label);
    let numeric = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if text.len() <= 253 && labels_fit && !numeric {
        return Ok(());
    }
    Err(Error::invalid("domain.name", "this is not a valid host name")
        .with_context("domain", show(text))
        .with_remedy("give a lower-case host name such as shop.example.com, without scheme, port, path or wildcard; write international names in their xn-- form"))
}

fn check_env_name(text: &str) -> Result<()> {
    let bytes = text.as_bytes();
    let fits = (1..=128).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && !bytes[0].is_ascii_digit();
    if fits {
        return Ok(());
    }
    Err(Error::invalid("env.name", "this is not a valid name of an environment variable")
        .with_context("name", show(text))
        .with_remedy("use letters, digits and underscores, not starting with a digit"))
}

fn check_email(text: &str) -> Result<()> {
    // Of what the standard allows, that which needs no quotes in a header.
    let is_atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    let fits = text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            local.len() <= 64
                && local.split('.').all(is_atom)
                && check_domain(&domain.to_ascii_lowercase()).is_ok()
        });
    if fits {
        return Ok(());
    }
    Err(Error::invalid("email.address", "this is not a valid e-mail address")
        .with_context("email", show(text))
        .with_remedy("give an address such as ops@acme.example, without a name beside it; write international host names in their xn-- form"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_pass_and_bad_ones_are_refused() {
        for good in ["a", "shop", "shop-2", "4you"] {
            assert!(AppName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Shop", "-a", "a-", "a--b", "a.b", "a_b", "é", "a b", "../x", &"a".repeat(41)] {
            assert!(AppName::new(bad).is_err(), "{bad}");
        }
        for good in ["localhost", "a.b", "xn--bcher-kva.example"] {
            assert!(DomainName::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", "A.b", "a b", "a`b", "http://a", "a:80", "*.a", "127.0.0.1", "a\n"] {
            assert!(DomainName::new(bad).is_err(), "{bad}");
        }
        for bad in ["", "1A", "A-B", "A=B", "A B", "A\0", "É"] {
            assert!(EnvName::new(bad).is_err(), "{bad}");
        }
        let addresses =
            ["a@b.c", "Anna.Smith+byop@Mail.Example.COM", "o'neil@localhost", "a@xn--bcher-kva.example"];
        for good in addresses {
            assert!(EmailAddress::new(good).is_ok(), "{good}");
        }
        let long = format!("{}@b.c", "a".repeat(65));
        for bad in [
            "",
            "a",
            "@b.c",
            "a@",
            "a@b@c",
            "a..b@c.d",
            ".a@b.c",
            "a b@c.d",
            "A <a@b.c>",
            "a@b.c\r\nBcc: x@y.z",
            "a@-b.c",
            "a@[127.0.0.1]",
            "\"a\"@b.c",
            "é@b.c",
            "a@b.c, d@e.f",
            &long,
        ] {
            assert!(EmailAddress::new(bad).is_err(), "{bad}");
        }
    }
}
