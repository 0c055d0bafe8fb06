//! Elixir and Gleam.

use super::{BASE, Shape};

const ELIXIR: Shape = Shape { stack: "elixir", version: "1.18", manager: "mix", port: 4000, ..BASE };
const GLEAM: Shape = Shape { stack: "gleam", version: "1.13.0", manager: "gleam", port: 8000, ..BASE };
const FRIENDS: &str = "defmodule Friends.MixProject do\n  def project do\n    [\n      app: :friends,\n      elixir: \"~> 1.13\",\n      deps: deps()\n    ]\n  end\n\n  defp deps do\n    [\n      {:ecto_sql, \"~> 3.0\"},\n      {:postgrex, \">= 0.0.0\"}\n    ]\n  end\nend\n";
const PHOENIX: &str = "defmodule Shop.MixProject do\n  def project do\n    [app: :shop, elixir: \"~> 1.15\", deps: deps()]\n  end\n\n  defp deps do\n    [\n      {:phoenix, \"~> 1.7\"},\n      {:ecto_sql, \"~> 3.10\"},\n      {:heroicons, github: \"x/heroicons\"}\n    ]\n  end\n\n  defp aliases do\n    [\"assets.setup\": [\"a\"], \"assets.deploy\": [\"b\"]]\n  end\nend\n";

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "Elixir with Ecto",
            files: &[
                ("config/config.exs", "import Config\n"),
                ("docker-compose.yml", "services: {}\n"),
                ("lib/friends.ex", ""),
                ("mix.exs", FRIENDS),
                ("mix.lock", "%{}\n"),
            ],
            framework: "ecto",
            install: "mix deps.get --only prod --check-locked",
            build: "mix release",
            start: "bin/friends start",
            ..ELIXIR
        },
        Shape {
            name: "Elixir without dependencies and the latest of all",
            files: &[
                ("mise.toml", "[tools]\nerlang = \"latest\"\nelixir = \"latest\"\n"),
                (
                    "mix.exs",
                    "def project do\n [app: :friends, elixir: \"~> 1\", deps: deps()]\nend\n\ndefp deps do\n  [\n  ]\nend\n",
                ),
                ("mix.lock", "%{}\n"),
            ],
            version: "1.19",
            build: "mix release",
            start: "bin/friends start",
            ..ELIXIR
        },
        Shape {
            name: "Phoenix",
            files: &[
                (".tool-versions", "elixir 1.17.3-otp-26\nerlang 26.2.5\n"),
                (
                    "config/runtime.exs",
                    "System.get_env(\"SECRET_KEY_BASE\")\nSystem.get_env(\"DATABASE_URL\")\n",
                ),
                ("lib/shop/release.ex", "defmodule Shop.Release do\n  def migrate do\n"),
                (
                    "lib/shop_web/router.ex",
                    "  scope \"/api\" do\n    get \"/health\", A, :b\n  end\n  scope \"/\", X do\n    get \"/up\", A, :b\n",
                ),
                ("mix.exs", PHOENIX),
                (
                    "mix.lock",
                    "%{\n  \"bcrypt_elixir\": {:hex, :bcrypt_elixir},\n  \"heroicons\": {:git, \"x\"},\n}\n",
                ),
            ],
            version: "1.17.3",
            framework: "phoenix",
            install: "mix deps.get --only prod --check-locked",
            build: "mix compile && mix assets.setup && mix assets.deploy && mix release",
            start: "bin/shop start",
            ..ELIXIR
        },
        Shape {
            name: "Phoenix with assets by Node and a line for Mix",
            files: &[
                (".elixir-version", "1.13.4\n"),
                ("Procfile", "web: mix phx.server\n"),
                (
                    "assets/package.json",
                    r#"{"scripts":{"deploy":"webpack"},"dependencies":{"phoenix":"file:../deps/phoenix"}}"#,
                ),
                (
                    "assets/package-lock.json",
                    r#"{"lockfileVersion":2,"packages":{"":{"dependencies":{"phoenix":"file:../deps/phoenix"}}}}"#,
                ),
                (
                    "mix.exs",
                    "def project do\n [app: :shop, elixir: \"~> 1.11\", deps: deps()]\nend\n\ndefp deps do\n  [{:phoenix, \"~> 1.5\"}]\nend\n",
                ),
            ],
            version: "1.13.4",
            framework: "phoenix",
            install: "mix deps.get --only prod",
            build: "npm --prefix assets run deploy && mix phx.digest && mix release",
            start: "bin/shop start",
            ..ELIXIR
        },
        Shape {
            name: "an umbrella with one web app",
            files: &[
                (
                    "mix.exs",
                    "def project do\n [apps_path: \"apps\", deps: deps()]\nend\n\ndefp deps do\n  []\nend\n",
                ),
                (
                    "apps/core/mix.exs",
                    "def project do\n [app: :core, deps: deps()]\nend\n\ndefp deps do\n  [{:jason, \"1\"}]\nend\n",
                ),
                (
                    "apps/web/mix.exs",
                    "def project do\n [app: :web, deps: deps()]\nend\n\ndefp deps do\n  [{:phoenix, \"1\"}, {:core, in_umbrella: true}]\nend\n\"assets.deploy\": []\n",
                ),
            ],
            framework: "phoenix",
            install: "mix deps.get --only prod",
            build: "mix compile && mix assets.deploy && mix release",
            start: "bin/web start",
            ..ELIXIR
        },
        Shape {
            name: "an umbrella of equals",
            files: &[
                ("mix.exs", "def project do\n [apps_path: \"apps\"]\nend\n"),
                ("apps/a/mix.exs", "def project do\n [app: :a]\nend\n"),
                ("apps/b/mix.exs", "def project do\n [app: :b]\nend\n"),
            ],
            ..ELIXIR
        },
        Shape {
            name: "Gleam with a pinned version",
            files: &[
                (".tool-versions", "gleam 1.12.0\n"),
                ("gleam.toml", "name = \"app\"\n[dependencies]\nwisp = \">= 1.0.0\"\n"),
                ("manifest.toml", ""),
                ("src/app.gleam", ""),
            ],
            version: "1.12.0",
            framework: "wisp",
            install: "gleam deps download",
            build: "gleam export erlang-shipment",
            start: "./build/erlang-shipment/entrypoint.sh run",
            ..GLEAM
        },
        Shape {
            name: "Gleam that names its compiler",
            files: &[
                ("gleam.toml", "name = \"app\"\ngleam = \">= 1.13.0\"\n"),
                ("src/app.gleam", "|> mist.port(8000)\n"),
            ],
            build: "gleam export erlang-shipment",
            start: "./build/erlang-shipment/entrypoint.sh run",
            ..GLEAM
        },
        Shape {
            name: "Gleam for JavaScript",
            files: &[("gleam.toml", "name = \"app\"\ntarget = \"javascript\"\n")],
            build: "gleam export erlang-shipment",
            ..GLEAM
        },
    ]
}
