//! What a stranger might write where a value belongs.

/// The command that must never be in a place where a shell would run it.
pub(super) const COMMAND: &str = "evilcmd";

/// By name, so that a failure says which.
pub(super) const VALUES: &[(&str, &str)] = &[
    ("substitution", "x$(evilcmd)"),
    ("substitution alone", "$(evilcmd)"),
    ("backticks", "x`evilcmd`"),
    ("semicolon", "x;evilcmd"),
    ("and", "x&&evilcmd"),
    ("and with blanks", "x && evilcmd"),
    ("pipe", "x|evilcmd"),
    ("background", "x&evilcmd"),
    ("subshell", "x (evilcmd)"),
    ("newline", "x\nevilcmd"),
    ("carriage return", "x\revilcmd"),
    ("instruction", "x\nRUN evilcmd\nUSER root"),
    ("instruction after a backslash", "x \\\nUSER root"),
    ("backslash at the end", "x\\"),
    ("single quote", "x'; evilcmd; '"),
    ("double quote", "x\"; evilcmd; \""),
    ("end of a list", "x\"]\nUSER root\nCMD [\"evilcmd"),
    ("variable", "${EVIL}"),
    ("variable with a default", "${EVIL:-$(evilcmd)}"),
    ("template", "{{ evilcmd }}"),
    ("template block", "{% evilcmd %}"),
    ("yaml", "x\"\nprivileged: true\nevil: \""),
    ("yaml flow", "{privileged: true}"),
    ("yaml alias", "*evil"),
    ("yaml tag", "!!evil x"),
    ("server block", "x; } location /evil { return 200;"),
    ("comment", "x # evilcmd"),
    ("here document", "<<EOF"),
    ("option", "--evilflag"),
    ("blank", "x y"),
    ("parent", "../../outside"),
    ("absolute", "/outside"),
    ("nul", "x\0evil"),
    ("escape sequence", "x\u{1b}[31mevil"),
    ("right to left", "x\u{202e}dmclive"),
    ("isolates", "x\u{2066}evil\u{2069}"),
    ("zero width", "x\u{200b}\u{200d}\u{feff}y"),
    ("homoglyph", "n\u{043e}de"),
    ("line separator", "x\u{2028}USER root\u{2029}y\u{85}z"),
    ("long", LONG),
    ("glob", "*?[a-z]"),
    ("home", "~root"),
    ("number", "99999999999999999999999"),
    ("empty", ""),
];

const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
