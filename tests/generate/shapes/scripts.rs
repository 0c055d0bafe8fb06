//! Lua, shell scripts and a lone Procfile.

use super::{BASE, Shape};

const LUA: Shape = Shape { stack: "lua", version: "5.4", port: 8080, ..BASE };
const SHELL: Shape = Shape { stack: "shell", port: 8080, ..BASE };

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "Lua with packages of the distribution",
            files: &[("main.lua", "local socket = require(\"socket\")\nsocket.bind(\"0.0.0.0\", 9090)\n")],
            start: "lua main.lua",
            port: 9090,
            ..LUA
        },
        Shape {
            name: "Lua with rocks",
            files: &[
                ("shop-dev-1.rockspec", "dependencies = {\n  \"lua >= 5.1\",\n  \"pegasus\"\n}\n"),
                ("app.lua", ""),
            ],
            manager: "luarocks",
            install: "luarocks --lua-version 5.4 install --tree /rocks --only-deps shop-dev-1.rockspec",
            start: "lua app.lua",
            ..LUA
        },
        Shape {
            name: "OpenResty",
            files: &[(
                "nginx.conf",
                "events {}\nhttp { server {\n  listen 8081;\n  location / { content_by_lua_block { ngx.say(1) } }\n} }\n",
            )],
            framework: "openresty",
            start: "openresty -p /app -c nginx.conf -g 'daemon off; pid /tmp/nginx.pid; error_log stderr;'",
            port: 8081,
            ..LUA
        },
        Shape {
            name: "a start script in bash",
            files: &[("start.sh", "#!/usr/bin/env bash\nexec socat TCP-LISTEN:8085,fork EXEC:./answer\n")],
            start: "bash start.sh",
            port: 8085,
            ..SHELL
        },
        Shape {
            name: "a start script in zsh",
            files: &[("start.sh", "#!/bin/zsh\necho $PORT\n"), ("notes.txt", "")],
            start: "zsh start.sh",
            ..SHELL
        },
        Shape {
            name: "a start script without a first line",
            files: &[("start.sh", "echo hello\n")],
            start: "sh start.sh",
            ..SHELL
        },
        Shape {
            name: "a start script of an app of Node.js",
            files: &[
                ("start.sh", "node server.js\n"),
                ("Makefile", "all:\n\tnpm ci\n"),
                ("main.c", ""),
                ("package.json", r#"{"scripts":{"start":"node server.js"}}"#),
                ("package-lock.json", super::LOCK),
                ("server.js", ""),
            ],
            install: "npm ci",
            start: "node server.js",
            ..super::NODE
        },
        Shape {
            name: "a Procfile that starts a script",
            files: &[("Procfile", "web: bash serve/run.sh $PORT\n"), ("serve/run.sh", "#!/bin/bash\n")],
            stack: "procfile",
            start: "bash serve/run.sh $PORT",
            port: 8080,
            ..BASE
        },
    ]
}
