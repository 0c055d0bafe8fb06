//! What never enters an image, whatever a user's `.dockerignore` says or forgets.

/// Patterns in the syntax of `.dockerignore` that lie before the user's own in every build context: secrets,
/// version control, and what is installed or built again inside the image.
///
/// A user's `.dockerignore` takes a file back with a `!pattern` whose last part names it, such as `!certs/ca.pem`;
/// a general one such as `!**` or `!src` does not. A generated `.dockerignore` starts with the same list.
///
/// ```
/// assert!(byop_core::source::ALWAYS_IGNORED.contains(&"**/.env"));
/// ```
pub const ALWAYS_IGNORED: &[&str] = &[
    // Secrets.
    "**/.env",
    "**/.env.*",
    "!**/.env.example",
    "!**/.env.sample",
    "!**/.env.template",
    "**/.envrc",
    "**/id_rsa",
    "**/id_dsa",
    "**/id_ecdsa",
    "**/id_ed25519",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/*.jks",
    "**/*.keystore",
    "**/*.kdbx",
    "**/.ssh",
    "**/.aws",
    "**/.gnupg",
    "**/.netrc",
    "**/.git-credentials",
    "**/.docker/config.json",
    "**/*.tfstate",
    "**/*.tfstate.*",
    "**/*.tfvars",
    // Version control.
    "**/.git",
    "**/.hg",
    "**/.svn",
    "**/.bzr",
    "**/.jj",
    // Installed or built again inside the image.
    "**/node_modules",
    "**/bower_components",
    "**/.venv",
    "**/__pycache__",
    "**/*.pyc",
    "**/.tox",
    "**/.nox",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    "**/.terraform",
    "**/.vagrant",
    "**/.direnv",
    "**/.DS_Store",
];

/// Entries that are not even listed, whatever they are: large, and never an input of a build.
const PRUNED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".jj",
    "_darcs",
    "CVS",
    "node_modules",
    "bower_components",
    ".pnpm-store",
    ".venv",
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".terraform",
    ".vagrant",
    ".direnv",
    ".DS_Store",
    // A folder's icon on macOS; its name has a carriage return, which is refused elsewhere.
    "Icon\r",
];

/// Whether an entry of this name is left out of every listing.
pub(super) fn is_pruned(name: &str) -> bool {
    PRUNED.contains(&name)
}

/// What must be known about a folder's surroundings before it is left out: it is when one of these is there.
pub(super) enum Sign {
    /// A file inside the folder.
    Inside(&'static str),
    /// A file beside the folder.
    Beside(&'static str),
}

/// Folders whose name alone does not tell: `target` may be a package, and `venv` a module.
pub(super) fn signs(name: &str) -> &'static [Sign] {
    match name {
        "target" => &[Sign::Inside("CACHEDIR.TAG"), Sign::Beside("Cargo.toml")],
        "venv" | "env" | "virtualenv" => &[Sign::Inside("pyvenv.cfg")],
        _ => &[],
    }
}
