use super::*;
use crate::http::Method;

/// A vendor that has something of everything.
const DOCUMENT: &str = r##"{
  "openapi": "3.0.3",
  "paths": {
    "/servers": {
      "get": {"parameters": [
        {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}},
        {"name": "tag", "in": "query", "schema": {"$ref": "#/components/schemas/tags"}},
        {"name": "kind", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}, "explode": false},
        {"name": "x-trace", "in": "header", "schema": {"type": "string", "maxLength": 4}}
      ]},
      "post": {"requestBody": {"required": true, "content": {"application/json": {
        "schema": {"oneOf": [{"$ref": "#/components/schemas/one"}, {"$ref": "#/components/schemas/many"}]}
      }}}},
      "delete": {"parameters": [{"name": "tag", "in": "query", "required": true, "schema": {"type": "string"}}]}
    },
    "/servers/busy": {"get": {}},
    "/servers/{id}": {
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
      "get": {},
      "put": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/change"}}}}},
      "patch": {"requestBody": {"content": {"application/json": {"schema": {
        "type": "object", "additionalProperties": {"type": "string"}, "properties": {"size": {"type": "integer"}}
      }}}}}
    },
    "/servers/{id}/actions": {"post": {"requestBody": {"content": {"application/json": {"schema": {
      "anyOf": [{"$ref": "#/components/schemas/v.action"}, {"$ref": "#/components/schemas/v.resize"}],
      "discriminator": {"propertyName": "type", "mapping": {"stop": "v.yml#/action", "resize": "v.yml#/resize"}}
    }}}}}},
    "/keys/{key}": {"get": {"parameters": [{"name": "key", "in": "path", "required": true, "schema": {
      "anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[a-f0-9:]+$"}]
    }}]}},
    "/token": {"post": {"requestBody": {"required": true, "content": {"application/x-www-form-urlencoded": {"schema": {
      "type": "object", "required": ["grant"],
      "properties": {"grant": {"type": "string"}, "ttl": {"type": "integer"}, "scope": {"type": "array", "items": {"type": "string"}}}
    }}}}}}
  },
  "components": {"schemas": {
    "tags": {"type": "array", "items": {"type": "string"}},
    "base": {
      "type": "object", "required": ["id", "size"],
      "properties": {
        "id": {"type": "integer", "readOnly": true},
        "size": {"type": "string", "enum": ["small", "large"]},
        "note": {"type": "string", "nullable": true},
        "disk": {"type": "integer", "minimum": 0, "exclusiveMinimum": true},
        "region": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/region"}]},
        "kin": {"type": "array", "items": {"$ref": "#/components/schemas/base"}}
      }
    },
    "region": {"type": "string", "enum": ["here", "there"]},
    "one": {"allOf": [{"$ref": "#/components/schemas/base"}, {"required": ["name"], "properties": {"name": {"type": "string"}}}]},
    "many": {"allOf": [{"$ref": "#/components/schemas/base"}, {"required": ["names"], "properties": {"names": {"type": "array", "items": {"type": "string"}}}}]},
    "change": {"type": "object", "properties": {"address": {"type": "string", "format": "ipv4"}, "free": {"type": "object"}}},
    "v.action": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}},
    "v.resize": {"allOf": [{"$ref": "#/components/schemas/v.action"}, {"required": ["size"], "properties": {"size": {"type": "string"}}}]}
  }}
}"##;

fn check(method: Method, path: &str, body: &str) -> Result<(), String> {
    let spec = Spec::parse(DOCUMENT).unwrap();
    let mut request = Request::new("x.do", method, format!("https://api.example/v1{path}"));
    if !body.is_empty() {
        let kind = if body.starts_with(['{', '[']) {
            "application/json"
        } else {
            "application/x-www-form-urlencoded"
        };
        request = request.with_body(kind, body);
    }
    spec.check(&request, "/v1")
}

#[test]
fn what_the_document_allows_is_fine() {
    use Method::{Delete, Get, Patch, Post, Put};
    for (method, path, body) in [
        (Get, "/servers", ""),
        (Get, "/servers?page=2&tag=a&tag=b%20c&kind=1,2", ""),
        (Get, "/servers/busy", ""),
        (Get, "/servers/12", ""),
        (Get, "/keys/512189", ""),
        (Get, "/keys/3b%3A16:e4", ""),
        (Delete, "/servers?tag=a", ""),
        (Post, "/servers", r#"{"size": "small", "name": "a"}"#),
        (Post, "/servers", r#"{"size": "small", "names": ["a"], "note": null, "region": null, "disk": 1}"#),
        (Post, "/servers", r#"{"size": "small", "name": "a", "region": "here", "kin": [{"size": "large"}]}"#),
        (Put, "/servers/1", r#"{"address": "203.0.113.4", "free": {"as": "you like"}}"#),
        (Put, "/servers/1", ""),
        (Patch, "/servers/1", r#"{"size": 4, "anything": "goes"}"#),
        (Post, "/servers/1/actions", r#"{"type": "stop"}"#),
        (Post, "/servers/1/actions", r#"{"type": "resize", "size": "large"}"#),
        (Post, "/token", "grant=a+b&ttl=5&scope=c&scope=d"),
    ] {
        assert_eq!(check(method, path, body), Ok(()), "{method:?} {path} {body}");
    }
}

#[test]
fn what_the_document_does_not_allow_is_told() {
    use Method::{Delete, Get, Patch, Post, Put};
    for (method, path, body, expected) in [
        (Get, "/volumes", "", "there is no such path"),
        (Get, "/servers/", "", "there is no such path"),
        (Delete, "/servers/12", "", "does not have this method"),
        (Get, "/servers/twelve", "", "`id`"),
        (Get, "/keys/no%20key", "", "`key`"),
        (Get, "/servers?page=two", "", "`page`"),
        (Get, "/servers?page=0", "", "`page`"),
        (Get, "/servers?page=1&page=2", "", "2 times"),
        (Get, "/servers?per_page=5", "", "no parameter `per_page`"),
        (Get, "/servers?kind=1,b", "", "`kind`"),
        (Delete, "/servers", "", "`tag` is missing"),
        (Get, "/servers", "{}", "takes no body"),
        (Post, "/servers", "", "the body is missing"),
        (Post, "/servers", "{", "not JSON"),
        (Post, "/servers", "name=a", "may not be application/x-www-form-urlencoded"),
        (Post, "/servers", r#"{"name": "a"}"#, "oneOf"),
        (Post, "/servers", r#"{"size": "huge", "name": "a"}"#, "oneOf"),
        (Post, "/servers", r#"{"size": "small", "name": "a", "names": ["b"]}"#, "oneOf"),
        (Post, "/servers", r#"{"size": "small", "name": "a", "colour": "red"}"#, "'colour' was unexpected"),
        (
            Post,
            "/servers",
            r#"{"size": "small", "name": "a", "kin": [{"size": "large", "colour": 1}]}"#,
            "oneOf",
        ),
        (Post, "/servers", r#"{"size": "small", "name": "a", "id": 4}"#, "oneOf"),
        (Post, "/servers", r#"{"size": "small", "name": "a", "disk": 0}"#, "oneOf"),
        (Post, "/servers", r#"{"size": "small", "name": "a", "size": null}"#, "oneOf"),
        (Put, "/servers/1", r#"{"address": "203.0.113"}"#, "/address"),
        (Put, "/servers/1", r#"{"address": null}"#, "/address"),
        (Put, "/servers/1", "[]", "body"),
        (Patch, "/servers/1", r#"{"other": 5}"#, "/other"),
        (Post, "/servers/1/actions", r#"{"type": "resize"}"#, "required"),
        (Post, "/servers/1/actions", r#"{"type": "stop", "size": "large"}"#, "'size' was unexpected"),
        (Post, "/servers/1/actions", r#"{"type": "explode"}"#, "/type"),
        (Post, "/token", "ttl=5", "required"),
        (Post, "/token", "grant=a&ttl=soon", "/ttl"),
        (Post, "/token", "grant=a&grant=b", "more than once"),
        (Post, "/token", "grant=a&secret=b", "'secret' was unexpected"),
    ] {
        let said = check(method, path, body).expect_err(&format!("{method:?} {path} {body}"));
        assert!(said.contains(expected), "{method:?} {path} {body}: {said}");
    }
}

#[test]
fn a_path_outside_of_the_base_and_a_long_header_are_told() {
    let spec = Spec::parse(DOCUMENT).unwrap();
    let get = |url: &str| Request::new("x.list", Method::Get, url);
    assert!(spec.check(&get("https://api.example/v2/servers"), "/v1").unwrap_err().contains("/v1"));
    let traced = get("https://api.example/servers").with_header("X-Trace", "12345".to_owned());
    assert!(spec.check(&traced, "").unwrap_err().contains("x-trace"));
}

#[test]
fn a_body_without_a_type_is_told() {
    let spec = Spec::parse(DOCUMENT).unwrap();
    let mut request = Request::new("x.do", Method::Post, "https://api.example/token");
    request.body = b"grant=a".to_vec();
    assert!(spec.check(&request, "").unwrap_err().contains("content type"));
}

#[test]
fn nothing_that_was_sent_is_quoted() {
    for (method, path, body) in [
        (Method::Post, "/servers", r#"{"size": "canary", "name": "canary"}"#),
        (Method::Put, "/servers/1", r#"{"address": "canary"}"#),
        (Method::Patch, "/servers/1", r#"{"other": ["canary"]}"#),
        (Method::Get, "/servers?page=canary", ""),
        (Method::Post, "/servers", r#"{"canary"#),
        (Method::Post, "/token", "grant=a&ttl=canary"),
    ] {
        let said = check(method, path, body).unwrap_err();
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn a_broken_document_is_an_error() {
    for (document, reason) in [
        ("{", ""),
        ("{}", "3.0"),
        (r#"{"openapi": "3.1.0", "paths": {}}"#, "3.0"),
        (r#"{"openapi": "3.0.0"}"#, "paths"),
        (r#"{"openapi": "3.0.0", "paths": {"a": {}}}"#, "begins with"),
        (r#"{"openapi": "3.0.0", "paths": {"/a{b}c": {}}}"#, "whole part"),
        (
            r##"{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/nowhere"}]}}}}"##,
            "#/nowhere",
        ),
        (
            r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"name": "b", "in": "query", "style": "deepObject", "schema": {}}]}}}}"#,
            "style",
        ),
        (
            r##"{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/b"}]}}}, "b": {"$ref": "#/b"}}"##,
            "circle",
        ),
        (
            r#"{"openapi": "3.0.0", "paths": {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "nonsense"}}}}}}}}"#,
            "post /a",
        ),
    ] {
        let error = Spec::parse(document).expect_err(document);
        let said = error.context("reason").unwrap_or_default();
        assert!(said.contains(reason), "{document}: {said}");
    }
}
