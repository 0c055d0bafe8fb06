//! Libraries by the names that build systems know them by, and the distribution's packages of them.

/// Names in lower case (of CMake or pkg-config), the package to build with, and the package to run with.
const KNOWN: [(&[&str], &str, &str); 25] = [
    (&["openssl", "libssl", "libcrypto"], "libssl-dev", "libssl3t64"),
    (&["curl", "libcurl"], "libcurl4-openssl-dev", "libcurl4t64"),
    (&["zlib"], "zlib1g-dev", "zlib1g"),
    (&["sqlite3", "sqlite"], "libsqlite3-dev", "libsqlite3-0"),
    (&["postgresql", "libpq"], "libpq-dev", "libpq5"),
    (&["mysql", "mariadb", "libmariadb", "mysqlclient"], "libmariadb-dev", "libmariadb3"),
    (&["libevent", "event"], "libevent-dev", "libevent-2.1-7t64"),
    (&["libmicrohttpd", "microhttpd"], "libmicrohttpd-dev", "libmicrohttpd12t64"),
    (&["libuv", "uv"], "libuv1-dev", "libuv1t64"),
    (&["nlohmann_json"], "nlohmann-json3-dev", ""),
    (&["fmt"], "libfmt-dev", "libfmt10"),
    (&["spdlog"], "libspdlog-dev", "libspdlog1.15"),
    (&["jsoncpp"], "libjsoncpp-dev", "libjsoncpp26"),
    (&["yaml-cpp"], "libyaml-cpp-dev", "libyaml-cpp0.8"),
    (&["hiredis"], "libhiredis-dev", "libhiredis1.1.0"),
    (&["httplib", "cpp-httplib"], "libcpp-httplib-dev", "libcpp-httplib0.18"),
    (&["drogon"], "libdrogon-dev", "libdrogon1t64"),
    (&["asio"], "libasio-dev", ""),
    (&["libxml2", "libxml-2.0"], "libxml2-dev", "libxml2"),
    (&["protobuf"], "libprotobuf-dev", "libprotobuf32t64"),
    (&["boost"], "libboost-dev", ""),
    (&["threads", "pkgconfig", "python3", "git", "doxygen", "gtest", "catch2", "m", "dl"], "", ""),
    (&["libsodium", "sodium"], "libsodium-dev", "libsodium23"),
    (&["uuid"], "uuid-dev", "libuuid1"),
    (&["crow"], "", ""),
];

/// Web frameworks by the name of their library.
const FRAMEWORKS: [(&str, &str); 6] = [
    ("drogon", "drogon"),
    ("crow", "crow"),
    ("httplib", "cpp-httplib"),
    ("cpp-httplib", "cpp-httplib"),
    ("pistache", "pistache"),
    ("oatpp", "oatpp"),
];

/// Distribution packages to build with, and to run with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Libraries {
    pub(super) build: Vec<String>,
    pub(super) run: Vec<String>,
}

impl Libraries {
    /// Adds the packages of a library; false when none is known.
    pub(super) fn add(&mut self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        if let Some(part) = name.strip_prefix("boost_") {
            // Linked into the program, so nothing of it is needed where it runs.
            push(&mut self.build, &format!("libboost-{}-dev", part.replace('_', "-")));
            return true;
        }
        let Some((_, build, run)) = KNOWN.iter().find(|(names, ..)| names.contains(&name.as_str())) else {
            return false;
        };
        push(&mut self.build, build);
        push(&mut self.run, run);
        true
    }

    pub(super) fn framework(name: &str) -> Option<&'static str> {
        let name = name.to_ascii_lowercase();
        FRAMEWORKS.iter().find(|(library, _)| *library == name).map(|(_, framework)| *framework)
    }
}

fn push(list: &mut Vec<String>, name: &str) {
    if !name.is_empty() && !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
        list.sort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_come_to_packages() {
        let mut libraries = Libraries::default();
        assert!(libraries.add("OpenSSL") && libraries.add("Threads") && libraries.add("boost_json"));
        assert!(!libraries.add("somethingelse"));
        assert_eq!(libraries.build, ["libboost-json-dev", "libssl-dev"]);
        assert_eq!(libraries.run, ["libssl3t64"]);
    }
}
