//! Sources whose files are broken or try to write into what is generated from them.

use byop_core::model::{AppSpec, Preview, Source};
use byop_core::{ErrorKind, Result};

use crate::support::{World, check, count};

const NODE: &str = r#"{"name":"a","scripts":{"start":"node a.js"}}"#;

type Files<'a> = &'a [(&'a str, &'a str)];

fn folder(world: &World, case: &str, files: Files<'_>) -> Source {
    let folder = world.path(&case.replace(' ', "-"));
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    Source::Directory(folder)
}

#[tokio::test]
async fn files_that_cannot_be_understood_are_refused() {
    let world = World::new();
    let long = format!("FROM scratch\nRUN {}\n", "x".repeat(2 << 20));
    let deep = format!(r#"{{"scripts":{}1{}}}"#, r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let cases: [(&str, Files<'_>, &str); 11] = [
        ("manifest that is no JSON", &[("package.json", "{ scripts: start }")], "package.json"),
        ("manifest that is cut", &[("package.json", "{\"scripts\": {")], "package.json"),
        ("manifest that is empty", &[("package.json", "")], "package.json"),
        ("manifest that is deep", &[("package.json", &deep)], "package.json"),
        (
            "project that is no TOML",
            &[("pyproject.toml", "[project\nname"), ("app.py", "")],
            "pyproject.toml",
        ),
        ("cargo that is no TOML", &[("Cargo.toml", "[package\nname"), ("main.rs", "")], "Cargo.toml"),
        ("dockerfile that is empty", &[("Dockerfile", "")], "Dockerfile"),
        ("dockerfile of comments", &[("Dockerfile", "# nothing\n\n")], "Dockerfile"),
        ("dockerfile without a base", &[("Dockerfile", "RUN true\n")], "Dockerfile"),
        ("dockerfile of nonsense", &[("Dockerfile", "\u{7f}ELF\u{0}\u{1}\u{2}\n")], "Dockerfile"),
        ("dockerfile with a line of 2 MB", &[("Dockerfile", &long)], "Dockerfile"),
    ];
    for (case, files, named) in cases {
        let source = folder(&world, case, files);
        world.refuses(case, source, named).await;
    }
    let source = folder(&world, "latin", &[]);
    let Source::Directory(path) = &source else { unreachable!() };
    std::fs::write(path.join("package.json"), b"{\"name\":\"caf\xe9\",\"scripts\":{\"start\":\"node a\"}}")
        .unwrap();
    world.refuses("a manifest that is no UTF-8", source, "package.json").await;
    world.end();
}

/// No line of a generated file that a builder obeys begins with what was smuggled in.
fn assert_harmless(case: &str, preview: &Preview) {
    for (path, text) in preview.files.generated() {
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!text.chars().any(control), "{case}: a control character in {path}: {text:?}");
        for line in text.lines() {
            let line = line.trim_start();
            let obeys = ["RUN evil", "USER evil", "- evil", "privileged:"];
            assert!(!obeys.iter().any(|word| line.starts_with(word)), "{case}: {line} in {path}");
        }
    }
}

/// Refused as all else, or taken in a form that does no harm.
fn check_smuggled(case: &str, result: Result<Preview>, named: &str) {
    match result {
        Ok(preview) => assert_harmless(case, &preview),
        Err(error) => {
            check(case, Err(error), named);
            count();
        }
    }
}

#[tokio::test]
async fn nothing_is_smuggled_into_generated_files() {
    let world = World::new();
    let evil = "x\nRUN evil\nprivileged: true";
    // By the fields of the spec.
    type Set = fn(&mut AppSpec, &str);
    let fields: [(&str, Set); 6] = [
        ("build.version", |spec, evil| spec.build.version = Some(evil.into())),
        ("build.install", |spec, evil| spec.build.install = Some(evil.into())),
        ("build.build", |spec, evil| spec.build.build = Some(evil.into())),
        ("build.start", |spec, evil| spec.build.start = Some(evil.into())),
        ("build.images", |spec, evil| drop(spec.build.images.insert("node".into(), evil.into()))),
        ("build.stack", |spec, evil| spec.build.stack = Some(evil.into())),
    ];
    let source = folder(&world, "node", &[("package.json", NODE), ("a.js", "")]);
    for (field, set) in fields {
        for value in
            [evil, "x\r\nRUN evil", "x\u{0}", "\"] \nRUN evil [\"", "$(evil)", "`evil`", "../../x", "-evil"]
        {
            let mut spec = AppSpec::new("shop", source.clone()).unwrap();
            set(&mut spec, value);
            check_smuggled(&format!("{field} = {value:?}"), world.engine.preview(&spec).await, "");
        }
    }
    // By the files of the source.
    let named =
        |version: &str| format!(r#"{{"engines":{{"node":"{version}"}},"scripts":{{"start":"node a.js"}}}}"#);
    let version = named("20\\nRUN evil");
    let substituted = named("$(evil)");
    let script = r#"{"name":"a\nRUN evil","main":"a.js\nRUN evil","scripts":{"start":"x\nRUN evil","build":"y\nRUN evil"}}"#;
    let number = r#"{"scripts":{"start":7}}"#;
    let odd = "web: node a\u{1b}]0;evil\u{7}\n";
    let cases: [(&str, Files<'_>); 13] = [
        ("manifest that is a list", &[("package.json", "[1, 2]")]),
        ("manifest with a number for a script", &[("package.json", number)]),
        ("go without a module", &[("go.mod", "\u{0}\u{1}"), ("main.go", "package main")]),
        ("procfile with control characters", &[("Procfile", odd), ("package.json", NODE)]),
        ("engines", &[("package.json", &version)]),
        ("engines substituted", &[("package.json", &substituted)]),
        ("scripts", &[("package.json", script)]),
        ("nvmrc", &[("package.json", NODE), (".nvmrc", "20\nRUN evil\n")]),
        (
            "python version",
            &[("requirements.txt", "flask"), ("app.py", ""), (".python-version", "3.12\nRUN evil")],
        ),
        ("runtime", &[("requirements.txt", "flask"), ("app.py", ""), ("runtime.txt", "python-`evil`")]),
        ("go version", &[("go.mod", "module a\n\ngo 1.22\nRUN evil\n"), ("main.go", "package main")]),
        ("procfile", &[("package.json", NODE), ("Procfile", "web: x\nRUN evil\nevil: y\n")]),
        ("toolchain", &[("Cargo.toml", "[package]\nname = \"a\"\n"), ("rust-toolchain", "1.80\nRUN evil")]),
    ];
    for (case, files) in cases {
        check_smuggled(case, world.preview(folder(&world, case, files)).await, "");
    }
    let mut spec = AppSpec::new("shop", source).unwrap();
    spec.build.stack = Some("cobol".into());
    let error = world.engine.preview(&spec).await.unwrap_err();
    assert_eq!((error.kind(), error.context("stack")), (ErrorKind::Unsupported, Some("cobol")));
    world.end();
}
