//! Stacks that compile, and all others.

use super::{Template, tree};

pub(super) const COMPILED: &[Template] = &[
    tree(
        "a go module",
        "go",
        &[
            (
                "go.mod",
                "module ⟦L:example.com/shop⟧\n\ngo ⟦L:1.24⟧\ntoolchain ⟦L:go1.24.1⟧\nrequire github.com/gin-gonic/gin ⟦L:v1.10.0⟧\n",
            ),
            ("go.sum", "⟦L:x⟧\n"),
            (
                "cmd/⟦L:server⟧/main.go",
                "package main\nfunc main() { os.Getenv(\"⟦L:TOKEN⟧\"); http.HandleFunc(\"⟦L:/healthz⟧\", h); http.ListenAndServe(\":⟦L:9000⟧\", nil) }",
            ),
            ("⟦L:templates⟧/a.html", ""),
        ],
    ),
    tree(
        "a go workspace",
        "go",
        &[
            ("go.work", "go ⟦L:1.24⟧\n\nuse (\n\t./⟦L:api⟧\n\t./lib\n)\n"),
            ("api/go.mod", "module ⟦L:example.com/api⟧\n\ngo 1.24\n"),
            ("api/main.go", "package main\nfunc main() {}\n"),
            ("lib/go.mod", "module example.com/lib\n"),
            ("lib/lib.go", "package lib\n"),
        ],
    ),
    tree(
        "a rust program",
        "rust",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"⟦T:shop⟧\"\nrust-version = \"⟦T:1.90⟧\"\ndefault-run = \"⟦T:shop⟧\"\n[dependencies]\naxum = \"⟦T:0.8⟧\"\n\"⟦T:openssl⟧\" = \"1\"\n[[bin]]\nname = \"⟦T:shop⟧\"\npath = \"⟦T:src/main.rs⟧\"\n",
            ),
            ("Cargo.lock", ""),
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"⟦T:1.90⟧\"\n"),
            (
                "src/main.rs",
                "fn main() { env::var(\"⟦L:TOKEN⟧\"); Router::new().route(\"⟦L:/healthz⟧\", get(h)); bind(\"0.0.0.0:⟦L:7000⟧\") }",
            ),
        ],
    ),
    tree(
        "a rust workspace",
        "rust",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"⟦T:crates/*⟧\"]\n"),
            (
                "crates/api/Cargo.toml",
                "[package]\nname = \"⟦T:api⟧\"\n[dependencies]\naxum = \"1\"\ncore = { path = \"⟦T:../core⟧\" }\n",
            ),
            ("crates/api/src/main.rs", "fn main() {}\n"),
            ("crates/⟦L:core⟧/Cargo.toml", "[package]\nname = \"core\"\n"),
            ("crates/core/src/lib.rs", ""),
        ],
    ),
];

pub(super) const OTHERS: &[Template] = &[
    tree(
        "a maven project",
        "java",
        &[
            (
                "pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>⟦X:3.5.0⟧</version></parent><groupId>g</groupId><artifactId>⟦X:shop⟧</artifactId><version>⟦X:1.0⟧</version><packaging>jar</packaging><properties><java.version>⟦X:21⟧</java.version></properties><build><finalName>⟦X:app⟧</finalName><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
            ),
            (
                "src/main/java/a/⟦L:App⟧.java",
                "package ⟦L:a⟧;\npublic class App { public static void main(String[] a) {} }",
            ),
            (
                "src/main/resources/application.properties",
                "server.port=⟦L:8081⟧\nmanagement.endpoints.web.base-path=⟦L:/manage⟧\nspring.datasource.url=${⟦L:DB_URL⟧}\n",
            ),
            ("system.properties", "java.runtime.version=⟦L:21⟧\n"),
        ],
    ),
    tree(
        "a gradle project",
        "java",
        &[
            (
                "build.gradle",
                "plugins { id 'java'; id 'org.springframework.boot' version '⟦L:3.5.0⟧' }\nversion = '⟦L:1.0⟧'\njava { toolchain { languageVersion = JavaLanguageVersion.of(⟦L:21⟧) } }\napplication { mainClass = '⟦L:a.App⟧' }\n",
            ),
            ("settings.gradle", "rootProject.name = '⟦L:shop⟧'\ninclude '⟦L:api⟧'\n"),
            (
                "gradle/wrapper/gradle-wrapper.properties",
                "distributionUrl=https\\://x/gradle-⟦L:8.14⟧-bin.zip\n",
            ),
            ("gradlew", ""),
            ("src/main/java/a/App.java", "public class App { public static void main(String[] a) {} }"),
        ],
    ),
    tree(
        "an asp.net project",
        "dotnet",
        &[
            (
                "⟦L:Shop⟧.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>⟦X:net9.0⟧</TargetFramework><AssemblyName>⟦X:Shop⟧</AssemblyName></PropertyGroup></Project>",
            ),
            ("global.json", r#"{"sdk":{"version":"⟦J:9.0.100⟧"}}"#),
            ("Program.cs", "app.MapGet(\"⟦L:/healthz⟧\", () => \"ok\");"),
        ],
    ),
    tree(
        "a laravel app",
        "php",
        &[
            (
                "composer.json",
                r#"{"name":"⟦J:a/b⟧","require":{"php":"⟦J:^8.3⟧","laravel/framework":"⟦J:^12⟧","ext-⟦J:gd⟧":"*"},"scripts":{"post-install-cmd":"⟦J!:true⟧"},"config":{"vendor-dir":"⟦J:vendor⟧","platform":{"php":"⟦J:8.3⟧"}}}"#,
            ),
            ("composer.lock", r#"{"platform":{"php":"⟦J:^8.3⟧"},"packages":[{"name":"⟦J:x/y⟧"}]}"#),
            ("artisan", ""),
            ("public/index.php", "<?php"),
            ("routes/web.php", "Route::get('⟦L:/up⟧', fn() => 'ok');"),
        ],
    ),
    tree(
        "plain php",
        "php",
        &[("index.php", "<?php getenv('⟦L:TOKEN⟧');"), (".htaccess", "⟦L:RewriteEngine On⟧\n")],
    ),
    tree(
        "a rails app",
        "ruby",
        &[
            ("Gemfile", "source 'x'\nruby '⟦L:3.3.0⟧'\ngem 'rails', '⟦L:~> 8.0⟧'\ngem '⟦L:puma⟧'\n"),
            (
                "Gemfile.lock",
                "GEM\n  specs:\n    rails (⟦L:8.0.0⟧)\n    puma (6.0.0)\n\nRUBY VERSION\n   ruby ⟦L:3.3.0⟧p0\n\nBUNDLED WITH\n   ⟦L:2.5.3⟧\n",
            ),
            (".ruby-version", "⟦L:3.3⟧\n"),
            ("config.ru", "run ⟦L:Rails.application⟧\n"),
            ("config/application.rb", "module ⟦L:Shop⟧\nend\n"),
            ("bin/rails", ""),
            ("config/routes.rb", "get \"⟦L:/up⟧\" => \"rails/health#show\"\n"),
        ],
    ),
    tree(
        "a phoenix app",
        "elixir",
        &[
            (
                "mix.exs",
                "defmodule ⟦L:Shop⟧.MixProject do\n  def project do\n    [app: :⟦L:shop⟧, version: \"⟦L:0.1.0⟧\", elixir: \"⟦L:~> 1.17⟧\", deps: deps(), releases: [⟦L:web⟧: []]]\n  end\n  defp deps do\n    [{:phoenix, \"⟦L:~> 1.8⟧\"}]\n  end\nend\n",
            ),
            ("mix.lock", "%{}\n"),
            (".tool-versions", "elixir ⟦L:1.17.3⟧\nerlang ⟦L:27.0⟧\n"),
            ("config/runtime.exs", "System.get_env(\"⟦L:SECRET_KEY_BASE⟧\")\n"),
        ],
    ),
    tree(
        "a gleam app",
        "gleam",
        &[
            ("gleam.toml", "name = \"⟦T:shop⟧\"\nversion = \"⟦T:1.0.0⟧\"\n"),
            ("src/⟦L:shop⟧.gleam", "pub fn main() {}"),
        ],
    ),
    tree(
        "a deno app",
        "deno",
        &[
            (
                "deno.json",
                r#"{"tasks":{"start":"⟦J!:deno run -A main.ts⟧","⟦J:odd⟧":"x"},"imports":{"a":"⟦J:jsr:@std/http⟧"}}"#,
            ),
            ("⟦L:main⟧.ts", "Deno.serve({ port: ⟦L:8000⟧ }, h);"),
        ],
    ),
    tree(
        "a stack project",
        "haskell",
        &[
            ("stack.yaml", "resolver: \"⟦Y:lts-22.0⟧\"\npackages: [\"⟦Y:.⟧\"]\n"),
            (
                "package.yaml",
                "name: \"⟦Y:shop⟧\"\nexecutables:\n  \"⟦Y:shop⟧\":\n    main: \"⟦Y:Main.hs⟧\"\n",
            ),
            ("app/Main.hs", "main = pure ()"),
        ],
    ),
    tree(
        "a cabal project",
        "haskell",
        &[
            (
                "⟦L:shop⟧.cabal",
                "name: ⟦L:shop⟧\nexecutable ⟦L:shop⟧\n  main-is: ⟦L:Main.hs⟧\n  build-depends: base, ⟦L:warp⟧\n",
            ),
            ("Main.hs", "main = pure ()"),
        ],
    ),
    tree(
        "a swift package",
        "swift",
        &[
            (
                "Package.swift",
                "// swift-tools-version:⟦L:6.0⟧\nlet package = Package(name: \"⟦L:shop⟧\", targets: [.executableTarget(name: \"⟦L:App⟧\")])",
            ),
            ("Sources/App/main.swift", ""),
            (".swift-version", "⟦L:6.1⟧\n"),
        ],
    ),
    tree(
        "a dart server",
        "dart",
        &[
            (
                "pubspec.yaml",
                "name: \"⟦Y:shop⟧\"\nenvironment:\n  sdk: \"⟦Y:^3.5.0⟧\"\ndependencies:\n  \"⟦Y:shelf⟧\": \"⟦Y:^1.4.0⟧\"\nexecutables:\n  \"⟦Y:server⟧\": \"\"\n",
            ),
            ("bin/⟦L:server⟧.dart", "void main() {}"),
        ],
    ),
    tree(
        "a zig program",
        "zig",
        &[
            ("build.zig", "const exe = b.addExecutable(.{ .name = \"⟦L:shop⟧\" });"),
            ("build.zig.zon", ".{ .name = .⟦L:shop⟧, .minimum_zig_version = \"⟦L:0.14.0⟧\" }"),
            ("src/main.zig", ""),
        ],
    ),
    tree(
        "a crystal program",
        "crystal",
        &[
            (
                "shard.yml",
                "name: \"⟦Y:shop⟧\"\ncrystal: \"⟦Y:>= 1.10⟧\"\ntargets:\n  \"⟦Y:shop⟧\":\n    main: \"⟦Y:src/shop.cr⟧\"\n",
            ),
            ("src/shop.cr", ""),
        ],
    ),
    tree(
        "a program with cmake",
        "cpp",
        &[
            (
                "CMakeLists.txt",
                "cmake_minimum_required(VERSION ⟦L:3.20⟧)\nproject(⟦L:shop⟧ CXX)\nadd_executable(⟦L:shop⟧ ⟦L:main.cpp⟧)\n",
            ),
            ("main.cpp", "int main() {}"),
        ],
    ),
    tree(
        "a program with make",
        "cpp",
        &[
            ("Makefile", "TARGET = ⟦L:shop⟧\nall: ⟦L:shop⟧\nshop: main.c\n\tcc -o ⟦L!:shop⟧ main.c\n"),
            ("main.c", "int main() {}"),
        ],
    ),
    tree(
        "a lua app",
        "lua",
        &[
            (
                "⟦L:shop⟧-1.0-1.rockspec",
                "package = \"⟦L:shop⟧\"\nversion = \"1.0-1\"\ndependencies = { \"⟦L:lua >= 5.4⟧\", \"⟦L:pegasus⟧\" }\nbuild = { type = \"builtin\", install = { bin = { [\"⟦L:serve⟧\"] = \"⟦L:main.lua⟧\" } } }\n",
            ),
            ("main.lua", ""),
        ],
    ),
    tree(
        "a cobol program",
        "cobol",
        &[(
            "⟦L:main⟧.cob",
            "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. ⟦L:MAIN⟧.\n       PROCEDURE DIVISION.\n           STOP RUN.\n",
        )],
    ),
    tree("a shell script", "shell", &[("start.sh", "#!/bin/⟦L:sh⟧\nexec ⟦L!:busybox httpd -f⟧\n")]),
    tree(
        "a lone procfile",
        "procfile",
        &[("Procfile", "web: ⟦L!:./server⟧\n⟦L:clock⟧: ⟦L!:./clock⟧\n"), ("server", "")],
    ),
];
