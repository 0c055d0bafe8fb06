//! Small applications in memory, after the shapes of real ones, with what has to be found in them.

mod beam;
mod compiled;
mod deno;
mod dotnet;
mod frameworks;
mod front_end;
mod jvm;
mod native;
mod node;
mod php;
mod python;
mod ruby;
mod scripts;
mod sites;

/// A tree and what is expected of it. An empty text means none.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
    pub(crate) stack: &'static str,
    pub(crate) version: &'static str,
    pub(crate) framework: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) manager: &'static str,
    pub(crate) install: &'static str,
    pub(crate) build: &'static str,
    pub(crate) start: &'static str,
    pub(crate) static_dir: &'static str,
    pub(crate) port: u16,
}

const BASE: Shape = Shape {
    name: "",
    files: &[],
    stack: "",
    version: "",
    framework: "",
    variant: "",
    manager: "",
    install: "",
    build: "",
    start: "",
    static_dir: "",
    port: 0,
};

const NODE: Shape = Shape { stack: "node", version: "24.21", manager: "npm", port: 3000, ..BASE };
const PYTHON: Shape = Shape { stack: "python", version: "3.13", manager: "pip", port: 8000, ..BASE };
const GO: Shape = Shape { stack: "go", version: "1.27", manager: "go modules", port: 8080, ..BASE };
const RUST: Shape = Shape { stack: "rust", version: "1.95", manager: "cargo", port: 8080, ..BASE };
const STATIC: Shape = Shape { stack: "static", port: 8080, ..BASE };

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{"":{}}}"#;
const EXPRESS: &str = r#"{"dependencies":{"express":"^5.0.0"},"scripts":{"start":"node server.js"}}"#;
const EXPRESS_LOCK: &str = r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"express":"^5.0.0"}},"node_modules/express":{"version":"5.1.0"}}}"#;

pub(crate) fn shapes() -> Vec<Shape> {
    [
        node::shapes(),
        front_end::shapes(),
        python::shapes(),
        compiled::shapes(),
        php::shapes(),
        ruby::shapes(),
        beam::shapes(),
        sites::shapes(),
        jvm::shapes(),
        dotnet::shapes(),
        deno::shapes(),
        native::shapes(),
        scripts::shapes(),
        frameworks::shapes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
