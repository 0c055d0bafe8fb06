//! Variables that source text reads and does without at its peril.

use super::{is_name, is_usual};

/// A way to read a variable.
struct Read {
    extensions: &'static [&'static str],
    /// What comes before the name.
    before: &'static str,
    /// What comes right after the name.
    after: &'static str,
}

const JS: &[&str] = &["js", "ts", "mjs", "cjs", "mts", "tsx", "jsx"];

const READS: [Read; 24] = [
    Read { extensions: JS, before: "process.env.", after: "" },
    Read { extensions: JS, before: "process.env[\"", after: "\"]" },
    Read { extensions: JS, before: "process.env['", after: "']" },
    Read { extensions: JS, before: "Bun.env.", after: "" },
    Read { extensions: JS, before: "Deno.env.get(\"", after: "\")" },
    Read { extensions: &["py"], before: "os.environ[\"", after: "\"]" },
    Read { extensions: &["py"], before: "os.environ['", after: "']" },
    Read { extensions: &["py"], before: "os.environ.get(\"", after: "\")" },
    Read { extensions: &["py"], before: "os.environ.get('", after: "')" },
    Read { extensions: &["py"], before: "os.getenv(\"", after: "\")" },
    Read { extensions: &["py"], before: "os.getenv('", after: "')" },
    Read { extensions: &["go"], before: "os.Getenv(\"", after: "\")" },
    Read { extensions: &["rs"], before: "env::var(\"", after: "\")" },
    Read { extensions: &["rb", "ru"], before: "ENV[\"", after: "\"]" },
    Read { extensions: &["rb", "ru"], before: "ENV['", after: "']" },
    Read { extensions: &["rb", "ru"], before: "ENV.fetch(\"", after: "\")" },
    Read { extensions: &["rb", "ru"], before: "ENV.fetch('", after: "')" },
    Read { extensions: &["java", "kt", "scala"], before: "System.getenv(\"", after: "\")" },
    Read { extensions: &["properties"], before: "${", after: "}" },
    Read { extensions: &["php"], before: "getenv('", after: "')" },
    Read { extensions: &["php"], before: "$_ENV['", after: "']" },
    Read { extensions: &["ex", "exs"], before: "System.fetch_env!(\"", after: "\")" },
    Read { extensions: &["ex", "exs"], before: "System.get_env(\"", after: "\")" },
    Read { extensions: &["cs"], before: "GetEnvironmentVariable(\"", after: "\")" },
];

/// What follows a read that has another answer ready.
const FALLBACKS: [&str; 20] = [
    "||",
    "??",
    "===",
    "==",
    "!==",
    "!=",
    "? ",
    "?:",
    "or ",
    ".unwrap_or",
    ".ok()",
    ".is_ok",
    ".is_err",
    ".map_or",
    ".map(",
    "if ",
    "=~",
    "&& ",
    ".orElse",
    ".presence ||",
];

/// The names that a file reads without a fallback, in order of appearance.
pub(super) fn names(file: &str, text: &str) -> Vec<String> {
    let extension = file.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    // A name that has a fallback somewhere has one.
    let mut optional: Vec<String> = Vec::new();
    for read in READS.iter().filter(|read| read.extensions.contains(&extension)) {
        for (at, _) in text.match_indices(read.before) {
            let rest = &text[at + read.before.len()..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            if !is_name(name) || is_usual(name) || is_commented(text, at) {
                continue;
            }
            let is_read = rest.strip_prefix(read.after).is_some_and(|rest| !has_fallback(text, at, rest));
            if is_read { found.push(name.to_owned()) } else { optional.push(name.to_owned()) }
        }
    }
    if extension == "py" {
        found.extend(settings_of(text));
    }
    found.retain(|name| !optional.contains(name));
    let mut unique: Vec<String> = Vec::new();
    for name in found {
        if !unique.contains(&name) && unique.len() < 60 {
            unique.push(name);
        }
    }
    unique
}

fn is_commented(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..at].trim_start();
    line.starts_with("//") || line.starts_with('#') || line.starts_with('*') || line.starts_with("/*")
}

fn has_fallback(text: &str, at: usize, rest: &str) -> bool {
    // In the line below only what cannot begin a statement belongs to the read.
    let line = rest.trim_start_matches([' ', '\t', '!']);
    let below = line.trim_start();
    let after = if below.starts_with(['.', '|', '?']) { below } else { line };
    if FALLBACKS.iter().any(|fallback| after.starts_with(fallback)) {
        // `|| raise` and its like are no fallback.
        let next = after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '?'));
        return !(next.starts_with("raise") || next.starts_with("throw"));
    }
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[start..at].trim_start();
    // A value that is set, and a question whether there is one.
    if after.starts_with("= ")
        || (before.starts_with("if ") && !before.contains('!') && !before.contains("not "))
    {
        return true;
    }
    // `x := os.Getenv("X")` with a default in the lines below.
    let below: Vec<&str> = rest.lines().skip(1).take(2).collect();
    let is_checked = below.first().is_some_and(|line| line.contains("== \"\"") || line.contains("len("));
    is_checked
        && !["Fatal", "panic", "rrorf", "errors.", "Exit", "return"]
            .iter()
            .any(|word| below.iter().any(|line| line.contains(word)))
}

/// The fields without a default of pydantic's settings classes, which are read from variables of the same names.
fn settings_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !text.contains("(BaseSettings)") || text.contains("env_prefix") {
        return found;
    }
    let mut is_inside = false;
    for line in text.lines() {
        if line.starts_with("class ") {
            is_inside = line.contains("(BaseSettings)");
        } else if let (true, Some(field)) = (is_inside, line.strip_prefix("    "))
            && let Some((name, kind)) = field.split_once(':')
            && !kind.contains('=')
            && !kind.trim().is_empty()
            && !kind.contains("None")
        {
            let name = name.to_ascii_uppercase();
            found.extend((is_name(&name) && !is_usual(&name) && !field.starts_with(' ')).then_some(name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_without_a_fallback_are_found() {
        for (file, text, wanted) in [
            (
                "a.js",
                "const k = process.env.API_KEY;\nconst m = process.env.MODE || 'a';\nif (process.env.FLAG) {}\n",
                "API_KEY",
            ),
            (
                "a.ts",
                "x(process.env['STRIPE_KEY']!)\nprocess.env.SET_HERE = 'a'\n// process.env.OLD\n",
                "STRIPE_KEY",
            ),
            (
                "a.py",
                "a = os.environ[\"DSN_A\"]\nb = os.environ.get('B_B', 'x')\nc = os.getenv(\"C_C\") or 1\n",
                "DSN_A",
            ),
            (
                "s.py",
                "class S(BaseSettings):\n    database_url: str\n    size: int = 3\n    maybe: str | None\n",
                "DATABASE_URL",
            ),
            (
                "a.go",
                "k := os.Getenv(\"KEY_A\")\nh := os.Getenv(\"HOST_A\")\nif h == \"\" {\n\th = \"x\"\n}\n",
                "KEY_A",
            ),
            ("b.go", "k := os.Getenv(\"KEY_A\")\nif k == \"\" {\n\tlog.Fatal(\"no\")\n}\n", "KEY_A"),
            ("a.rs", "std::env::var(\"DB_A\").expect(\"x\"); env::var(\"B_B\").unwrap_or_default();", "DB_A"),
            ("a.rb", "ENV.fetch(\"KEY_A\")\nENV.fetch('B_B', 1)\nENV['C_C'] || 2\n", "KEY_A"),
            ("a.java", "String s = System.getenv(\"KEY_A\");", "KEY_A"),
            ("a.properties", "url=${DB_ADDRESS}\nother=${X_Y:1}\n", "DB_ADDRESS"),
            ("a.php", "$a = getenv('KEY_A');\n$b = $_ENV['B_B'] ?? 1;\n", "KEY_A"),
            (
                "a.exs",
                "System.get_env(\"KEY_A\") ||\n  raise \"x\"\nSystem.get_env(\"B_B\") || \"c\"\n",
                "KEY_A",
            ),
            (
                "a.cs",
                "var a = Environment.GetEnvironmentVariable(\"KEY_A\");\nGetEnvironmentVariable(\"B_B\") ?? \"\"",
                "KEY_A",
            ),
        ] {
            assert_eq!(names(file, text), [wanted], "{file}");
        }
    }
}
