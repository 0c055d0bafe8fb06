//! Distribution packages that gems need: to be compiled, and to run.

use super::gems::Gems;
use crate::generator::packages::Native;
use crate::generator::version::Version;

/// By gem: packages to build with, packages to run with. A `|` parts the names of Debian 12 and of older releases.
const GEMS: [(&str, &str, &str); 14] = [
    ("pg", "libpq-dev", "libpq5"),
    ("mysql2", "default-libmysqlclient-dev", "libmariadb3"),
    ("psych", "libyaml-dev", ""),
    ("nokogiri", "pkg-config zlib1g-dev", ""),
    ("ruby-vips", "", "libvips42"),
    ("mini_magick", "", "imagemagick"),
    ("rmagick", "libmagickwand-dev pkg-config", "libmagickwand-6.q16-6"),
    ("charlock_holmes", "libicu-dev pkg-config zlib1g-dev", "libicu72|libicu67"),
    ("rugged", "cmake libssl-dev pkg-config", ""),
    ("curb", "libcurl4-openssl-dev", "libcurl4"),
    ("ffi", "libffi-dev", ""),
    ("tiny_tds", "freetds-dev", "libct4"),
    ("rdkafka", "libssl-dev zlib1g-dev", ""),
    ("streamio-ffmpeg", "", "ffmpeg"),
];

/// What the gems need.
pub(super) fn of(gems: &Gems, is_new_debian: bool) -> Native {
    let mut native = Native::default();
    let pick = |name: &str| match name.split_once('|') {
        Some((new, _)) if is_new_debian => new.to_owned(),
        Some((_, old)) => old.to_owned(),
        None => name.to_owned(),
    };
    for (_, build, run) in GEMS.iter().filter(|(gem, ..)| gems.has(gem)) {
        native.build.extend(build.split_whitespace().map(pick));
        native.run.extend(run.split_whitespace().map(pick));
    }
    let sqlite = gems.version("sqlite3").and_then(Version::parse);
    if sqlite.is_some_and(|version| version.major() == 1 && version.minor().is_some_and(|minor| minor < 5)) {
        // Later ones bring the library.
        native.build.push("libsqlite3-dev".into());
        native.run.push("libsqlite3-0".into());
    }
    if gems.has_remote {
        native.build.push("build-essential".into());
    }
    if gems.has_git {
        native.build.push("git".into());
    }
    for list in [&mut native.build, &mut native.run] {
        list.sort();
        list.dedup();
    }
    native
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_follow_the_gems() {
        let gems = Gems::read(
            "gem 'pg'\ngem 'sqlite3'",
            Some("GEM\n  specs:\n    pg (1.5.0)\n    sqlite3 (1.4.2)\n"),
        );
        let native = of(&gems, true);
        assert_eq!(native.build, ["build-essential", "libpq-dev", "libsqlite3-dev"]);
        assert_eq!(native.run, ["libpq5", "libsqlite3-0"]);
        let none = Gems::read("gem 'mine', path: 'mine'", None);
        assert_eq!(of(&none, true), Native::default());
    }
}
