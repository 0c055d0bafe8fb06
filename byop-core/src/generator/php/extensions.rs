//! PHP's extensions: what the official image lacks, and what each takes to be built and to run.

use std::collections::BTreeSet;

use crate::generator::packages::Native;
use crate::generator::version::Version;

/// What the official image has already.
const BUILT_IN: [&str; 36] = [
    "core",
    "ctype",
    "curl",
    "date",
    "dom",
    "fileinfo",
    "filter",
    "ftp",
    "hash",
    "iconv",
    "json",
    "libxml",
    "mbstring",
    "mysqlnd",
    "openssl",
    "opcache",
    "pcre",
    "pdo",
    "pdo_sqlite",
    "phar",
    "posix",
    "random",
    "readline",
    "reflection",
    "session",
    "simplexml",
    "sodium",
    "spl",
    "sqlite3",
    "standard",
    "tokenizer",
    "xml",
    "xmlreader",
    "xmlwriter",
    "zlib",
    "zend-opcache",
];

/// One that the image's own tool compiles: name, packages to build with, packages to run with. A `|` parts the
/// names of Debian 12 and of older releases.
const BUNDLED: [(&str, &str, &str); 25] = [
    ("bcmath", "", ""),
    ("bz2", "libbz2-dev", "libbz2-1.0"),
    ("calendar", "", ""),
    ("dba", "", ""),
    ("exif", "", ""),
    ("ffi", "libffi-dev", "libffi8|libffi7"),
    (
        "gd",
        "libfreetype6-dev libjpeg62-turbo-dev libpng-dev libwebp-dev",
        "libfreetype6 libjpeg62-turbo libpng16-16 libwebp7|libwebp6",
    ),
    ("gettext", "", ""),
    ("gmp", "libgmp-dev", "libgmp10"),
    ("intl", "libicu-dev", "libicu72|libicu67"),
    ("ldap", "libldap2-dev", "libldap-2.5-0|libldap-2.4-2"),
    ("mysqli", "", ""),
    ("pcntl", "", ""),
    ("pdo_mysql", "", ""),
    ("pdo_pgsql", "libpq-dev", "libpq5"),
    ("pgsql", "libpq-dev", "libpq5"),
    ("shmop", "", ""),
    ("soap", "libxml2-dev", "libxml2"),
    ("sockets", "", ""),
    ("sysvmsg", "", ""),
    ("sysvsem", "", ""),
    ("sysvshm", "", ""),
    ("tidy", "libtidy-dev", "libtidy5deb1"),
    ("xsl", "libxslt1-dev", "libxslt1.1"),
    ("zip", "libzip-dev", "libzip4"),
];

/// One that comes from PECL: name, release, release for PHP before 8, packages to build with and to run with.
const PECL: [(&str, &str, &str, &str, &str); 8] = [
    ("amqp", "2.1.2", "1.11.0", "librabbitmq-dev", "librabbitmq4"),
    ("apcu", "5.1.27", "5.1.21", "", ""),
    ("igbinary", "3.2.16", "3.2.7", "", ""),
    ("imagick", "3.8.0", "3.7.0", "libmagickwand-dev", "libmagickwand-6.q16-6"),
    ("memcached", "3.3.0", "3.1.5", "libmemcached-dev zlib1g-dev", "libmemcached11 libmemcachedutil2"),
    ("mongodb", "2.1.4", "1.11.1", "libssl-dev", ""),
    ("msgpack", "3.0.0", "2.1.2", "", ""),
    ("redis", "6.2.0", "5.3.7", "", ""),
];

/// What an app's extensions take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// Distribution packages.
    pub(super) native: Native,
    /// The command line that compiles and enables them; none when the image has all.
    pub(super) command: Option<String>,
    /// Those that nobody here knows how to install.
    pub(super) unknown: Vec<String>,
}

/// Works out what `names` take on a PHP version.
pub(super) fn of(names: &BTreeSet<String>, version: &str) -> Extensions {
    let version = Version::parse(version);
    let (major, minor) =
        version.map_or((8, 0), |version| (version.major(), version.minor().unwrap_or_default()));
    let is_new_debian = (major, minor) >= (8, 1);
    let mut found = Extensions::default();
    let (mut bundled, mut pecl) = (Vec::new(), Vec::new());
    for name in names.iter().filter(|name| !BUILT_IN.contains(&name.as_str())) {
        if let Some((_, build, run)) = BUNDLED.iter().find(|(known, ..)| known == name) {
            bundled.push(name.as_str());
            add(&mut found.native, build, run, is_new_debian);
        } else if let Some((_, new, old, build, run)) = PECL.iter().find(|(known, ..)| known == name) {
            pecl.push((name.as_str(), if major >= 8 { *new } else { *old }));
            add(&mut found.native, build, run, is_new_debian);
        } else {
            found.unknown.push(name.clone());
        }
    }
    let mut lines = Vec::new();
    if bundled.contains(&"gd") {
        let flags = if (major, minor) >= (7, 4) {
            "--with-freetype --with-jpeg --with-webp"
        } else {
            "--with-freetype-dir --with-jpeg-dir --with-png-dir"
        };
        lines.push(format!("docker-php-ext-configure gd {flags}"));
    }
    if !bundled.is_empty() {
        lines.push(format!("docker-php-ext-install -j\"$(nproc)\" {}", bundled.join(" ")));
    }
    if !pecl.is_empty() {
        let releases: Vec<String> = pecl.iter().map(|(name, release)| format!("{name}-{release}")).collect();
        let names: Vec<&str> = pecl.iter().map(|(name, _)| *name).collect();
        lines.push(format!("pecl install {}", releases.join(" ")));
        lines.push(format!("docker-php-ext-enable {}", names.join(" ")));
    }
    found.command = (!lines.is_empty()).then(|| lines.join(" && "));
    for list in [&mut found.native.build, &mut found.native.run] {
        list.sort();
        list.dedup();
    }
    found
}

fn add(native: &mut Native, build: &str, run: &str, is_new_debian: bool) {
    let pick = |name: &str| match name.split_once('|') {
        Some((new, _)) if is_new_debian => new.to_owned(),
        Some((_, old)) => old.to_owned(),
        None => name.to_owned(),
    };
    native.build.extend(build.split_whitespace().map(pick));
    native.run.extend(run.split_whitespace().map(pick));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_the_image_has_costs_nothing() {
        assert_eq!(of(&set(&["json", "mbstring", "pdo_sqlite"]), "8.4"), Extensions::default());
    }

    #[test]
    fn extensions_bring_their_libraries() {
        let found = of(&set(&["gd", "redis", "pdo_pgsql", "ioncube"]), "8.3");
        assert_eq!(
            found.command.as_deref(),
            Some(
                "docker-php-ext-configure gd --with-freetype --with-jpeg --with-webp && docker-php-ext-install -j\"$(nproc)\" gd pdo_pgsql && pecl install redis-6.2.0 && docker-php-ext-enable redis"
            )
        );
        assert!(found.native.run.contains(&"libwebp7".to_owned()));
        assert_eq!(found.unknown, ["ioncube"]);
        assert!(of(&set(&["gd"]), "7.3").command.unwrap().contains("--with-freetype-dir"));
    }
}
