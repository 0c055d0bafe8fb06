//! `global.json`: which SDK builds the app.

use serde_json::Value;

use crate::generator::version::Version;
use crate::generator::view::View;

/// The newest feature band of the releases that get no further ones; the image of a release has that one.
const LAST_BANDS: [(u32, u32, u32); 6] = [(9, 0, 3), (8, 0, 4), (7, 0, 4), (6, 0, 4), (5, 0, 4), (3, 1, 4)];

/// A pinned SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sdk {
    pub(super) version: String,
    roll_forward: String,
}

impl Sdk {
    /// The pin of a tree; a file that only names other things is none.
    pub(super) fn read(view: &View<'_>) -> Option<Self> {
        let text = view.glance("global.json")?;
        let json: Value = serde_json::from_str(&without_comments(&text)).ok()?;
        let sdk = json.get("sdk")?;
        let version = sdk.get("version")?.as_str()?.trim().to_owned();
        Version::parse(&version)?;
        let roll_forward = sdk.get("rollForward").and_then(Value::as_str).unwrap_or("latestPatch");
        Some(Self { version, roll_forward: roll_forward.to_ascii_lowercase() })
    }

    /// The release line of the SDK.
    pub(super) fn line(&self) -> Option<(u32, u32)> {
        let version = Version::parse(&self.version)?;
        Some((version.major(), version.minor().unwrap_or_default()))
    }

    /// The version of the SDK's image for an app of a release: a newer SDK builds for older releases.
    pub(super) fn image_version(&self, release: &str) -> String {
        let (Some(pin), Some(line), Some(target)) =
            (Version::parse(&self.version), self.line(), Version::parse(release))
        else {
            return release.to_owned();
        };
        let target = (target.major(), target.minor().unwrap_or_default());
        if line < target {
            return release.to_owned();
        }
        let of_line = format!("{}.{}", line.0, line.1);
        let number = self
            .version
            .split(['-', '+'])
            .next()
            .and_then(|text| text.split('.').nth(2)?.parse::<u32>().ok());
        let takes_any_band = self.roll_forward != "disable" && !self.roll_forward.ends_with("patch");
        let last =
            LAST_BANDS.iter().find(|(major, minor, _)| (*major, *minor) == line).map(|(.., band)| *band);
        match number {
            // No SDK has such a number: the first is 100.
            None | Some(0..100) => of_line,
            _ if takes_any_band || self.version.contains('-') => of_line,
            Some(number) if self.roll_forward != "disable" && Some(number / 100) == last => of_line,
            _ => pin.to_string(),
        }
    }

    /// Whether it can build an app of a release.
    pub(super) fn builds(&self, release: &str) -> bool {
        let target =
            Version::parse(release).map(|target| (target.major(), target.minor().unwrap_or_default()));
        self.line() >= target || self.roll_forward.contains("major")
    }
}

/// JSON without the comments that .NET's own files may have.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut is_text) = (text, false);
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' if is_text => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => is_text = !is_text,
            '/' if !is_text && rest.starts_with("//") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if !is_text && rest.starts_with("/*") => {
                rest = rest[2..].find("*/").map_or("", |at| &rest[at + 4..]);
                continue;
            }
            _ => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_one_that_the_pin_takes() {
        for (version, roll_forward, release, image) in [
            ("8.0.404", "latestPatch", "8.0", "8.0"),
            ("8.0.100", "latestPatch", "8.0", "8.0.100"),
            ("8.0.100", "latestFeature", "8.0", "8.0"),
            ("8.0.404", "disable", "8.0", "8.0.404"),
            ("7.0.0", "latestMajor", "6.0", "7.0"),
            ("7.0.0", "latestPatch", "6.0", "7.0"),
            ("6.0.100", "latestPatch", "8.0", "8.0"),
            ("10.0.100", "latestPatch", "9.0", "10.0.100"),
        ] {
            let sdk = Sdk { version: version.into(), roll_forward: roll_forward.to_ascii_lowercase() };
            assert_eq!(sdk.image_version(release), image, "{version} {roll_forward}");
        }
    }

    #[test]
    fn comments_go_and_texts_stay() {
        assert_eq!(without_comments("{ // a\n \"b\": \"//\\\"\" /* c */ }"), "{ \n \"b\": \"//\\\"\"  }");
    }
}
