//! One service of a compose file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Finding, Reader, keys};
use crate::error::Result;
use crate::generator::command;
use crate::model::{ComposeBuild, ComposePort, ComposeService, ComposeVolume, Protocol};

pub(super) fn read(reader: &mut Reader<'_>, name: &str, value: &Value) -> Result<ComposeService> {
    let at = ["services", name];
    let Value::Object(keys) = value else {
        return Err(reader.wrong(&at, "a service must be a map"));
    };
    let mut service = ComposeService::default();
    for (key, value) in keys {
        let path = [at[0], at[1], key.as_str()];
        match key.as_str() {
            "image" => service.image = Some(text(reader, &path, value)?),
            "user" => service.user = Some(text(reader, &path, value)?),
            "build" => service.build = Some(build(reader, name, value)?),
            "command" => service.command = words(reader, &path, value)?,
            "entrypoint" => service.entrypoint = words(reader, &path, value)?,
            "expose" => {
                for port in list(reader, &path, value)? {
                    let port = plain(port).and_then(|port| port.split('/').next()?.parse().ok());
                    service.expose.push(port.ok_or_else(|| reader.wrong(&path, "a port is a number"))?);
                }
            }
            "ports" => ports(reader, &path, value, &mut service)?,
            "environment" => service.env = environment(reader, &path, value)?,
            "env_file" => env_file(reader, &path, value)?,
            "volumes" => volumes(reader, &path, value, &mut service)?,
            "depends_on" => service.depends_on = depends_on(reader, &path, value)?,
            "healthcheck" => service.health = health(reader, name, value)?,
            key if key.starts_with("x-") => {}
            key => {
                if let Some((finding, why)) = keys::judge(key, value) {
                    reader.finding(&path, finding, why)?;
                }
            }
        }
    }
    if service.image.is_none() && service.build.is_none() {
        return Err(reader.wrong(&at, "a service needs an `image` or a `build`"));
    }
    Ok(service)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn text(reader: &Reader<'_>, path: &[&str], value: &Value) -> Result<String> {
    plain(value).ok_or_else(|| reader.wrong(path, "this must be a text"))
}

fn list<'v>(reader: &Reader<'_>, path: &[&str], value: &'v Value) -> Result<&'v [Value]> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        _ => Err(reader.wrong(path, "this must be a list")),
    }
}

/// An argument list, from a list or a line. An empty one is one too: it clears the image's.
fn words(reader: &Reader<'_>, path: &[&str], value: &Value) -> Result<Option<Vec<String>>> {
    match value {
        Value::Null => Ok(None),
        Value::Array(list) => {
            list.iter().map(|word| text(reader, path, word)).collect::<Result<_>>().map(Some)
        }
        other => Ok(Some(command::exec_form(&text(reader, path, other)?))),
    }
}

fn build(reader: &mut Reader<'_>, name: &str, value: &Value) -> Result<ComposeBuild> {
    let path = ["services", name, "build"];
    let mut build = ComposeBuild { context: String::new(), dockerfile: "Dockerfile".into() };
    let mut context = ".".to_owned();
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                let path = [path[0], path[1], path[2], key.as_str()];
                match key.as_str() {
                    "context" => context = text(reader, &path, value)?,
                    "dockerfile" => build.dockerfile = text(reader, &path, value)?,
                    "privileged" | "entitlements" | "network" | "ssh" | "additional_contexts" => {
                        reader.finding(
                            &path,
                            Finding::Dangerous,
                            "a build reaches nothing beyond its folder",
                        )?;
                    }
                    "tags" | "labels" | "cache_from" | "cache_to" | "no_cache" | "pull" => {
                        reader.finding(&path, Finding::Settled, "byop settles it itself")?;
                    }
                    key if key.starts_with("x-") => {}
                    _ => reader.finding(&path, Finding::Unsupported, "byop does not read it")?,
                }
            }
        }
        other => context = text(reader, &path, other)?,
    }
    let inside = |path: &str| clean(path).filter(|_| !path.contains("://") && !path.starts_with("git@"));
    let outside = "a build must be of a folder of the app";
    build.context = inside(&context).ok_or_else(|| reader.wrong(&path, outside))?;
    build.dockerfile = inside(&build.dockerfile)
        .filter(|path| !path.is_empty())
        .ok_or_else(|| reader.wrong(&path, "the Dockerfile must be inside of the folder that is built"))?;
    Ok(build)
}

/// A relative path without dots, or `None` when it leads out.
fn clean(path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) || path.contains(['\\', '\0', '\n']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn ports(reader: &mut Reader<'_>, path: &[&str], value: &Value, service: &mut ComposeService) -> Result<()> {
    for (number, value) in list(reader, path, value)?.iter().enumerate() {
        let number = number.to_string();
        let at = [path, &[number.as_str()]].concat();
        let found = match value {
            Value::Object(keys) => {
                let number = |key: &str| keys.get(key).and_then(plain).and_then(|port| port.parse().ok());
                let protocol = keys.get("protocol").and_then(Value::as_str).unwrap_or("tcp");
                number("target").zip(protocol_of(protocol)).map(|(container_port, protocol)| ComposePort {
                    container_port,
                    host_port: number("published"),
                    host_ip: keys.get("host_ip").and_then(plain),
                    protocol,
                })
            }
            other => plain(other).as_deref().and_then(short_port),
        };
        match found.filter(|port| port.container_port > 0) {
            Some(port) => service.ports.push(port),
            None => reader.finding(&at, Finding::Unsupported, "only single ports are read")?,
        }
    }
    Ok(())
}

fn protocol_of(text: &str) -> Option<Protocol> {
    match text {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

/// `[address:][port:]port[/protocol]`.
fn short_port(text: &str) -> Option<ComposePort> {
    let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol_of(protocol)?;
    let (rest, container) = text.rsplit_once(':').map_or((None, text), |(rest, port)| (Some(rest), port));
    let container_port = container.parse().ok()?;
    let (host_ip, host_port) = match rest.map(|rest| rest.rsplit_once(':').ok_or(rest)) {
        None => (None, ""),
        Some(Err(port)) => (None, port),
        Some(Ok((address, port))) => (Some(address.trim_matches(['[', ']']).to_owned()), port),
    };
    let host_port = if host_port.is_empty() { None } else { Some(host_port.parse().ok()?) };
    Some(ComposePort { container_port, host_port, host_ip, protocol })
}

fn environment(
    reader: &Reader<'_>,
    path: &[&str],
    value: &Value,
) -> Result<BTreeMap<String, Option<String>>> {
    let mut env = BTreeMap::new();
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (name, value) in map {
                let value = if value.is_null() { None } else { Some(text(reader, path, value)?) };
                env.insert(name.clone(), value);
            }
        }
        other => {
            for line in list(reader, path, other)? {
                let line = text(reader, path, line)?;
                match line.split_once('=') {
                    Some((name, value)) => env.insert(name.to_owned(), Some(value.to_owned())),
                    None => env.insert(line, None),
                };
            }
        }
    }
    Ok(env)
}

fn env_file(reader: &mut Reader<'_>, path: &[&str], value: &Value) -> Result<()> {
    let files = match value {
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    };
    for file in files {
        let name = match &file {
            Value::Object(keys) => keys.get("path").and_then(plain),
            other => plain(other),
        };
        let name = name.ok_or_else(|| reader.wrong(path, "this must be the path of a file"))?;
        let (finding, why) = match clean(&name) {
            Some(_) => (Finding::Unsupported, "files of variables are not read: give the values to byop"),
            None => (Finding::Dangerous, "it is outside of the app"),
        };
        reader.finding(path, finding, why)?;
    }
    Ok(())
}

fn volumes(
    reader: &mut Reader<'_>,
    path: &[&str],
    value: &Value,
    service: &mut ComposeService,
) -> Result<()> {
    for (number, value) in list(reader, path, value)?.iter().enumerate() {
        let number = number.to_string();
        let at = [path, &[number.as_str()]].concat();
        let (source, target, read_only) = match value {
            Value::Object(keys) => {
                let get = |key: &str| keys.get(key).and_then(plain);
                match get("type").as_deref() {
                    Some("volume" | "bind") => {}
                    Some("tmpfs") => {
                        reader.finding(&at, Finding::Settled, "byop settles it itself")?;
                        continue;
                    }
                    _ => {
                        reader.finding(
                            &at,
                            Finding::Dangerous,
                            "only volumes and folders of the app are mounted",
                        )?;
                        continue;
                    }
                }
                let target = get("target").ok_or_else(|| reader.wrong(&at, "a mount needs a `target`"))?;
                (get("source"), target, keys.get("read_only") == Some(&Value::Bool(true)))
            }
            other => {
                let line = text(reader, &at, other)?;
                let mut parts = line.split(':');
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(path), None, _) => (None, path.to_owned(), false),
                    (Some(source), Some(target), mode) => {
                        let is_read_only = mode.is_some_and(|mode| mode.split(',').any(|word| word == "ro"));
                        (Some(source.to_owned()), target.to_owned(), is_read_only)
                    }
                    _ => return Err(reader.wrong(&at, "this is no mount")),
                }
            }
        };
        let is_path = source
            .as_deref()
            .is_some_and(|source| source.starts_with(['.', '/', '~']) || source.contains('/'));
        if is_path {
            let from = source.unwrap_or_default();
            if from.trim_end_matches('/').ends_with("docker.sock") {
                reader.finding(&at, Finding::Dangerous, "who has the engine's socket has the host")?;
            } else if let Some(folder) = clean(&from) {
                let why = "a container has the files of its image: take what has to last into a named volume";
                reader.finding(&at, Finding::Unsupported, why)?;
                service.volumes.push(ComposeVolume {
                    source: Some(folder),
                    path: target,
                    is_folder: true,
                    read_only,
                });
            } else {
                reader.finding(&at, Finding::Dangerous, "this folder of the host is outside of the app")?;
            }
            continue;
        }
        service.volumes.push(ComposeVolume { source, path: target, is_folder: false, read_only });
    }
    Ok(())
}

fn depends_on(reader: &Reader<'_>, path: &[&str], value: &Value) -> Result<BTreeMap<String, String>> {
    if let Value::Object(map) = value {
        let condition = |value: &Value| value["condition"].as_str().unwrap_or("service_started").to_owned();
        return Ok(map.iter().map(|(name, value)| (name.clone(), condition(value))).collect());
    }
    let names = list(reader, path, value)?.iter().map(|name| text(reader, path, name));
    names.map(|name| Ok((name?, "service_started".to_owned()))).collect()
}

fn health(reader: &mut Reader<'_>, name: &str, value: &Value) -> Result<Option<Vec<String>>> {
    let path = ["services", name, "healthcheck"];
    let Value::Object(keys) = value else { return Err(reader.wrong(&path, "this must be a map")) };
    let mut test = None;
    for (key, value) in keys {
        let path = [path[0], path[1], path[2], key.as_str()];
        match (key.as_str(), value) {
            ("test", Value::String(line)) => test = Some(vec!["CMD-SHELL".into(), line.clone()]),
            ("test", value) => test = words(reader, &path, value)?,
            ("disable", Value::Bool(true)) => return Ok(Some(Vec::new())),
            ("disable", _) => {}
            _ => reader.finding(&path, Finding::Settled, "byop settles it itself")?,
        }
    }
    Ok(test.map(|test| if test.first().is_some_and(|word| word == "NONE") { Vec::new() } else { test }))
}
