//! PHP: plain pages, Composer projects and frameworks.

use super::{BASE, Shape};

const PHP: Shape = Shape { stack: "php", version: "8.4", port: 8080, start: SERVER, ..BASE };
const SERVER: &str = "apache2 -D FOREGROUND -f /etc/apache2/byop.conf";
const INSTALL: &str = "composer install --no-dev --no-scripts --optimize-autoloader --no-interaction";
const LARAVEL: &str = "mkdir -p storage/app/public storage/framework/cache/data storage/framework/sessions storage/framework/views storage/logs bootstrap/cache && php artisan config:cache && apache2 -D FOREGROUND -f /etc/apache2/byop.conf";
const LOCK: &str = "{\n    \"packages\": [\n        {\n            \"name\": \"a/a\",\n            \"require\": {\n                \"ext-intl\": \"*\",\n                \"php\": \"~8.1.0 || ~8.2.0\"\n            }\n        }\n    ]\n}\n";

pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "a PHP page",
            files: &[("index.php", "<?php echo 1;"), ("nginx.template.conf", "")],
            ..PHP
        },
        Shape {
            name: "PHP with Composer and a public folder",
            files: &[
                ("composer.json", r#"{"require":{"php":">= 8.2","monolog/monolog":"^3.0"}}"#),
                ("composer.lock", "{}"),
                ("public/index.php", "<?php if ($path === '/health') { echo 'ok'; }"),
                ("src/App.php", "<?php"),
            ],
            manager: "composer",
            install: INSTALL,
            ..PHP
        },
        Shape {
            name: "old PHP with extensions",
            files: &[
                (
                    "composer.json",
                    r#"{"require":{"php":"~7.1","ext-gd":"*","ext-redis":"*","ext-foo":"*","a/b":"1"},"config":{"platform":{"php":"7.1.33"}}}"#,
                ),
                ("web/index.php", ""),
            ],
            version: "7.1",
            manager: "composer",
            install: INSTALL,
            ..PHP
        },
        Shape {
            name: "Laravel with Vite, bounded by its lock file",
            files: &[
                ("artisan", ""),
                (
                    "composer.json",
                    r#"{"require":{"php":"^8.1","laravel/framework":"^11.0"},"scripts":{"post-install-cmd":["x"]}}"#,
                ),
                ("composer.lock", LOCK),
                (".env.example", "DB_CONNECTION=pgsql\nCACHE_STORE=redis\n"),
                ("bootstrap/app.php", "->withRouting(\n        health: '/up',\n"),
                ("database/migrations/2024_a.php", ""),
                (
                    "package.json",
                    r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"^6","laravel-vite-plugin":"1"}}"#,
                ),
                (
                    "package-lock.json",
                    r#"{"lockfileVersion":3,"packages":{"":{"devDependencies":{"vite":"^6","laravel-vite-plugin":"1"}}}}"#,
                ),
                ("public/index.php", ""),
                ("vite.config.js", ""),
            ],
            version: "8.2",
            framework: "laravel",
            manager: "composer",
            install: INSTALL,
            build: "npm run build",
            start: LARAVEL,
            ..PHP
        },
        Shape {
            name: "Laravel with Mix, Yarn and a Procfile",
            files: &[
                ("artisan", ""),
                ("Procfile", "web: vendor/bin/heroku-php-apache2 public/\nworker: php artisan queue:work\n"),
                ("composer.json", r#"{"require":{"php":"^8.1","laravel/framework":"^9.0"}}"#),
                ("composer.lock", "{}"),
                ("docker-compose.yml", "services: {}\n"),
                (
                    "package.json",
                    r#"{"scripts":{"prod":"mix --production"},"devDependencies":{"laravel-mix":"^6"}}"#,
                ),
                ("yarn.lock", "# yarn lockfile v1\n"),
                ("public/index.php", ""),
                ("webpack.mix.js", ""),
            ],
            framework: "laravel",
            manager: "composer",
            install: INSTALL,
            build: "yarn run prod",
            start: LARAVEL,
            ..PHP
        },
        Shape {
            name: "Symfony",
            files: &[
                ("bin/console", ""),
                (".php-version", "8.3\n"),
                (".env", "DATABASE_URL=\"postgresql://x\"\n"),
                (
                    "composer.json",
                    r#"{"require":{"php":">=8.2","symfony/framework-bundle":"7.2.*","doctrine/doctrine-bundle":"2","doctrine/doctrine-migrations-bundle":"3","symfony/asset-mapper":"7"},"scripts":{"post-install-cmd":["@auto-scripts"]}}"#,
                ),
                ("composer.lock", "{}"),
                ("symfony.lock", "{}"),
                ("public/index.php", ""),
            ],
            version: "8.3",
            framework: "symfony",
            manager: "composer",
            install: INSTALL,
            start: "php bin/console cache:warmup --no-debug && apache2 -D FOREGROUND -f /etc/apache2/byop.conf",
            ..PHP
        },
        Shape {
            name: "CakePHP",
            files: &[
                ("bin/cake", ""),
                ("composer.json", "{\"require\":{\"php\":\">=8.1\",\"cakephp/cakephp\":\"5.0.*\"}}"),
                ("webroot/index.php", ""),
            ],
            framework: "cakephp",
            manager: "composer",
            install: INSTALL,
            start: "mkdir -p tmp/cache/models tmp/cache/persistent tmp/cache/views tmp/sessions logs && apache2 -D FOREGROUND -f /etc/apache2/byop.conf",
            ..PHP
        },
        Shape {
            name: "WordPress",
            files: &[("wp-login.php", ""), ("wp-config.php", ""), ("index.php", "")],
            framework: "wordpress",
            ..PHP
        },
        Shape {
            name: "Slim with a package of its own",
            files: &[
                (
                    "composer.json",
                    r#"{"require":{"slim/slim":"4.*","me/lib":"*"},"repositories":[{"type":"path","url":"lib"}]}"#,
                ),
                ("composer.lock", "{}"),
                ("lib/composer.json", r#"{"name":"me/lib"}"#),
                ("public/index.php", "<?php $app->get('/ping', $f);"),
            ],
            framework: "slim",
            manager: "composer",
            install: INSTALL,
            ..PHP
        },
        Shape {
            name: "a PHP library",
            files: &[("composer.json", r#"{"name":"me/lib"}"#), ("src/A.php", "")],
            manager: "composer",
            install: INSTALL,
            start: "",
            ..PHP
        },
    ]
}
