//! Ruby: Rails, Sinatra, Rack and scripts.

use super::{BASE, Shape};

const RUBY: Shape =
    Shape { stack: "ruby", version: "3.4", manager: "bundler", install: FROZEN, port: 3000, ..BASE };
const FROZEN: &str = "BUNDLE_FROZEN=1 BUNDLE_WITHOUT=development:test bundle install";
const RAILS_GEMFILE: &str = "ruby '3.2.1'\ngem 'rails'\ngem 'puma'\ngem 'pg'\ngem 'mysql2'\ngem 'bootsnap'\n";
const RAILS_LOCK: &str = "GEM\n  remote: https://example.com/\n  specs:\n    bootsnap (1.16.0)\n    mysql2 (0.5.5)\n    pg (1.5.0)\n    puma (6.1.1)\n    rails (7.0.4)\n    railties (7.0.4)\n    sprockets-rails (3.4.2)\n\nPLATFORMS\n  arm64-darwin-22\n\nRUBY VERSION\n   ruby 3.2.1p31\n\nBUNDLED WITH\n   2.4.9\n";
const RAILS_8: &str = "GEM\n  remote: https://example.com/\n  specs:\n    bootsnap (1.18.0)\n    cssbundling-rails (1.4.0)\n    jsbundling-rails (1.3.0)\n    propshaft (1.1.0)\n    psych (5.2.0)\n    puma (6.5.0)\n    rails (8.0.1)\n    railties (8.0.1)\n    sqlite3 (2.4.0)\n\nPLATFORMS\n  x86_64-linux\n\nBUNDLED WITH\n   2.6.2\n";

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "Rails with assets, a Procfile and a pinned Ruby",
            files: &[
                (".ruby-version", "3.2.1\n"),
                ("Gemfile", RAILS_GEMFILE),
                ("Gemfile.lock", RAILS_LOCK),
                (
                    "Procfile",
                    "web: rake db:migrate && bundle exec bin/rails server -b 0.0.0.0 -p ${PORT:-3000}\n",
                ),
                ("Rakefile", ""),
                ("bin/rails", ""),
                ("config/application.rb", "class Application\n  config.load_defaults 7.0\nend\n"),
                ("config.ru", ""),
            ],
            version: "3.2.1",
            framework: "rails",
            build: "bundle exec bootsnap precompile --gemfile app/ lib/ && SECRET_KEY_BASE=unused bundle exec rake assets:precompile",
            start: "rake db:migrate && bundle exec bin/rails server -b 0.0.0.0 -p ${PORT:-3000}",
            ..RUBY
        },
        Shape {
            name: "Rails 8 with bundled JavaScript",
            files: &[
                ("Gemfile", "gem 'rails', '~> 8.0'\n"),
                ("Gemfile.lock", RAILS_8),
                ("bin/rails", ""),
                ("config/application.rb", ""),
                ("config/credentials.yml.enc", "x"),
                ("config/storage.yml", ""),
                (
                    "config/routes.rb",
                    "Rails.application.routes.draw do\n  get \"up\" => \"rails/health#show\"\nend\n",
                ),
                ("config.ru", ""),
                ("db/migrate/1_a.rb", ""),
                (
                    "package.json",
                    r#"{"scripts":{"build":"esbuild app"},"dependencies":{"esbuild":"^0.25.0"}}"#,
                ),
                ("yarn.lock", "# yarn lockfile v1\n"),
            ],
            framework: "rails",
            build: "bundle exec bootsnap precompile --gemfile app/ lib/ && SECRET_KEY_BASE_DUMMY=1 bundle exec rake assets:precompile",
            start: "bundle exec bin/rails server -b 0.0.0.0 -p ${PORT:-3000}",
            ..RUBY
        },
        Shape {
            name: "Rails as an API, without a lock file",
            files: &[
                ("Gemfile", "ruby '~> 3.3.0'\ngem 'rails'\ngem 'sprockets'\n"),
                ("config/application.rb", "    config.api_only = true\n"),
                ("config.ru", ""),
            ],
            version: "3.3",
            framework: "rails",
            install: "BUNDLE_WITHOUT=development:test bundle install",
            start: "bundle exec rails server -b 0.0.0.0 -p ${PORT:-3000}",
            ..RUBY
        },
        Shape {
            name: "Sinatra on Rack",
            files: &[
                ("Gemfile", "gem 'sinatra'\ngem 'puma'\n"),
                (
                    "Gemfile.lock",
                    "GEM\n  specs:\n    puma (5.6.4)\n    rack (2.2.3)\n    sinatra (2.2.0)\n\nBUNDLED WITH\n   2.3.12\n",
                ),
                ("app.rb", "get '/health' do\nend\n"),
                ("config.ru", ""),
            ],
            framework: "sinatra",
            start: "bundle exec rackup config.ru -o 0.0.0.0 -p ${PORT:-3000}",
            ..RUBY
        },
        Shape {
            name: "Sinatra on Rack 3 without its program",
            files: &[
                ("Gemfile", "gem 'sinatra'\ngem 'puma'\n"),
                ("Gemfile.lock", "GEM\n  specs:\n    puma (6.5.0)\n    rack (3.1.8)\n    sinatra (4.1.1)\n"),
                ("config.ru", ""),
            ],
            framework: "sinatra",
            start: "bundle exec puma -b tcp://0.0.0.0:${PORT:-3000} config.ru",
            ..RUBY
        },
        Shape {
            name: "a Ruby script with a Procfile",
            files: &[
                (".ruby-version", "ruby-3.2.1"),
                ("Gemfile", "source 'https://example.com'\n"),
                ("Gemfile.lock", "GEM\n  remote: https://example.com/\n  specs:\n\nBUNDLED WITH\n   2.4.9\n"),
                ("Procfile", "web: ruby --enable-yjit app.rb\n"),
                ("app.rb", ""),
                ("package.json", r#"{"main":"index.js","dependencies":{"a":"1"}}"#),
            ],
            version: "3.2.1",
            start: "ruby --enable-yjit app.rb",
            ..RUBY
        },
        Shape {
            name: "a Ruby script with a gem of its own",
            files: &[
                ("Gemfile", "gem 'local', path: 'local'\n"),
                (
                    "Gemfile.lock",
                    "PATH\n  remote: local\n  specs:\n    local (0.1.0)\n\nRUBY VERSION\n   ruby 3.1.2p20\n\nBUNDLED WITH\n   2.3.7\n",
                ),
                ("local/local.gemspec", ""),
                ("app.rb", ""),
            ],
            version: "3.1.2",
            start: "bundle exec ruby app.rb",
            ..RUBY
        },
        Shape {
            name: "Ruby with contradicting pins",
            files: &[
                (".ruby-version", "3.2.1\n"),
                ("Gemfile", ""),
                ("Gemfile.lock", "GEM\n  specs:\n"),
                ("app.rb", ""),
                ("mise.toml", "[tools]\nruby = \"3\"\n"),
            ],
            version: "3.2.1",
            start: "ruby app.rb",
            ..RUBY
        },
        Shape {
            name: "old Ruby with a database",
            files: &[
                (".ruby-version", "2.5.9\n"),
                ("Gemfile", "gem 'rack'\ngem 'pg'\n"),
                (
                    "Gemfile.lock",
                    "GEM\n  specs:\n    pg (1.2.0)\n    rack (2.0.0)\n\nBUNDLED WITH\n   1.17.3\n",
                ),
                ("config.ru", ""),
            ],
            version: "2.5.9",
            start: "bundle exec rackup config.ru -o 0.0.0.0 -p ${PORT:-3000}",
            ..RUBY
        },
        Shape {
            name: "Ruby without Bundler",
            files: &[("main.rb", "server = TCPServer.new('0.0.0.0', 8000)")],
            manager: "",
            install: "",
            start: "ruby main.rb",
            port: 8000,
            ..RUBY
        },
        Shape {
            name: "gems of tools alone",
            files: &[("Gemfile", "gem 'fastlane'\n")],
            install: "BUNDLE_WITHOUT=development:test bundle install",
            ..RUBY
        },
    ]
}
