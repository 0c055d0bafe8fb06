//! Haskell, Swift, Dart, Flutter, Zig, Crystal, C and C++, COBOL.

use super::{BASE, Shape};

const CPP: Shape = Shape { stack: "cpp", port: 8080, ..BASE };
const COBOL: Shape = Shape { stack: "cobol", port: 8080, ..BASE };
const SWIFT: Shape = Shape { stack: "swift", version: "6.3", manager: "swiftpm", port: 8080, ..BASE };
const HASKELL: Shape = Shape { stack: "haskell", version: "9.10", manager: "stack", port: 8080, ..BASE };
const DART: Shape = Shape { stack: "dart", version: "3.13", manager: "pub", port: 8080, ..BASE };
const ZIG: Shape = Shape { stack: "zig", version: "0.15.2", manager: "zig", port: 8080, ..BASE };
const CRYSTAL: Shape = Shape { stack: "crystal", version: "1.18", manager: "shards", port: 8080, ..BASE };

const CMAKE_BUILD: &str = "cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_RUNTIME_OUTPUT_DIRECTORY=/build && cmake --build /build --target shop";
const MESON_BUILD: &str = "meson setup /build --buildtype=release && meson compile -C /build";
const ZIG_BUILD: &str =
    "zig build -Doptimize=ReleaseSafe -Dtarget=native-linux-musl -Dcpu=baseline --prefix /out";

pub(crate) fn shapes() -> Vec<Shape> {
    [c_and_cobol(), haskell_and_swift(), others()].into_iter().flatten().collect()
}

fn c_and_cobol() -> Vec<Shape> {
    vec![
        Shape {
            name: "C++ with CMake and a library",
            files: &[
                (
                    "CMakeLists.txt",
                    "cmake_minimum_required(VERSION 3.20)\nproject(shop CXX)\nfind_package(OpenSSL REQUIRED)\nadd_executable(shop main.cpp)\n",
                ),
                ("main.cpp", "addr.sin_port = htons(9000);\n\"GET /healthz\""),
                ("public/a.css", ""),
            ],
            manager: "cmake",
            build: CMAKE_BUILD,
            start: "/build/shop",
            port: 9000,
            ..CPP
        },
        Shape {
            name: "C++ with Meson",
            files: &[
                ("meson.build", "project('cpp-meson', 'cpp')\nexecutable('cpp-meson', 'main.cpp')\n"),
                ("main.cpp", "int main() {}"),
            ],
            manager: "meson",
            build: MESON_BUILD,
            start: "/build/cpp-meson",
            ..CPP
        },
        Shape {
            name: "C with Make",
            files: &[
                ("Makefile", "BIN = bin/server\nall: $(BIN)\n$(BIN): main.c\n\t$(CC) -o $@ $<\n"),
                ("main.c", "#define PORT 8090\n"),
            ],
            manager: "make",
            build: "make",
            start: "./server",
            port: 8090,
            ..CPP
        },
        Shape {
            name: "one file in C",
            files: &[("main.c", "int main(void) { return 0; }\n"), ("notes.txt", "")],
            build: "cc -O2 -s -pthread -o main main.c",
            start: "./main",
            ..CPP
        },
        Shape {
            name: "C++ with several programs",
            files: &[
                ("CMakeLists.txt", "project(tools)\nadd_executable(a a.cpp)\nadd_executable(b b.cpp)\n"),
                ("a.cpp", ""),
            ],
            manager: "cmake",
            ..CPP
        },
        Shape {
            name: "COBOL with an index",
            files: &[
                ("index.cbl", "       IDENTIFICATION DIVISION.\n"),
                ("my-app.cbl", ""),
                ("cobol-free.cbl", ""),
            ],
            build: "cobc -x -O2 -o index index.cbl",
            start: "./index",
            ..COBOL
        },
        Shape {
            name: "one COBOL source in free format",
            files: &[("cobol-no-index.cbl", "IDENTIFICATION DIVISION.\nPROGRAM-ID. A.\n")],
            build: "cobc -x -O2 -free -o cobol-no-index cobol-no-index.cbl",
            start: "./cobol-no-index",
            ..COBOL
        },
        Shape { name: "several COBOL sources", files: &[("a.cbl", ""), ("b.cbl", "")], ..COBOL },
    ]
}

fn haskell_and_swift() -> Vec<Shape> {
    vec![
        Shape {
            name: "Haskell with Stack and hpack",
            files: &[
                ("stack.yaml", "resolver: lts-22.43\npackages:\n- .\n"),
                (
                    "package.yaml",
                    "name: shop\ndependencies:\n- base >= 4.7\n- scotty\nexecutables:\n  shop-exe:\n    main: Main.hs\n    source-dirs: app\n",
                ),
                ("app/Main.hs", "main = scotty 3000 $ get \"/health\" $ text \"ok\"\n"),
            ],
            version: "9.6",
            framework: "scotty",
            install: "stack build --system-ghc --install-ghc --only-dependencies",
            build: "stack build --system-ghc --install-ghc --copy-bins --local-bin-path /out",
            start: "./shop-exe",
            port: 3000,
            ..HASKELL
        },
        Shape {
            name: "Haskell with Cabal",
            files: &[
                (
                    "shop.cabal",
                    "cabal-version: 2.4\nname: shop\nversion: 0.1\nexecutable shop\n  main-is: Main.hs\n  build-depends: base, warp, postgresql-simple\n",
                ),
                ("cabal.project", "packages: .\nwith-compiler: ghc-9.8.4\n"),
                ("Main.hs", "main = run 8081 app\n"),
            ],
            version: "9.8",
            framework: "warp",
            manager: "cabal",
            install: "cabal update && cabal build --only-dependencies exe:shop",
            build: "cabal build exe:shop",
            start: "./shop",
            port: 3000,
            ..HASKELL
        },
        Shape {
            name: "Haskell with Cabal and libraries of its own",
            files: &[
                ("cabal.project", "packages: shop libs/*\n"),
                ("shop/shop.cabal", "name: shop\nexecutable shop\n  build-depends: base, store, warp\n"),
                ("shop/Main.hs", ""),
                ("libs/store/store.cabal", "name: store\nlibrary\n  build-depends: base, prices\n"),
                ("libs/prices/prices.cabal", "name: prices\nlibrary\n  build-depends: base\n"),
            ],
            framework: "warp",
            manager: "cabal",
            install: "cabal update && cabal build --only-dependencies all",
            build: "cabal build exe:shop",
            start: "./shop",
            port: 3000,
            ..HASKELL
        },
        Shape {
            name: "a Haskell library",
            files: &[("lib.cabal", "name: lib\nlibrary\n  build-depends: base\n"), ("src/A.hs", "")],
            manager: "cabal",
            ..HASKELL
        },
        Shape {
            name: "Swift with a pinned version",
            files: &[
                (".swift-version", "5.4\n"),
                (
                    "Package.swift",
                    "// swift-tools-version:5.3\nimport PackageDescription\nlet package = Package(\n  name: \"swift\",\n  targets: [.target(name: \"swift\", dependencies: [])])\n",
                ),
                ("Sources/swift/main.swift", "print(1)"),
            ],
            version: "5.4",
            build: "swift build -c release --static-swift-stdlib --product swift",
            start: "./swift",
            ..SWIFT
        },
        Shape {
            name: "Vapor",
            files: &[
                (
                    "Package.swift",
                    "// swift-tools-version:6.0\nlet package = Package(name: \"shop\", dependencies: [.package(url: \"https://github.com/vapor/vapor.git\", from: \"4.115.0\")], targets: [.executableTarget(name: \"App\")])\n",
                ),
                ("Package.resolved", "{}"),
                ("Sources/App/entrypoint.swift", "app.get(\"health\") { _ in 1 }\n"),
                ("Public/a.css", ""),
            ],
            version: "6.0",
            framework: "vapor",
            install: "swift package resolve --force-resolved-versions",
            build: "swift build -c release --static-swift-stdlib --product App",
            start: "./App serve --env production --hostname 0.0.0.0 --port 8080",
            ..SWIFT
        },
        Shape {
            name: "a Swift library",
            files: &[(
                "Package.swift",
                "// swift-tools-version: 6.1\nlet package = Package(name: \"lib\")\n",
            )],
            version: "6.1",
            ..SWIFT
        },
    ]
}

fn others() -> Vec<Shape> {
    vec![
        Shape {
            name: "Dart on a console",
            files: &[
                ("pubspec.yaml", "name: console_simple\nenvironment:\n  sdk: '>=2.16.1 <3.0.0'\n"),
                ("pubspec.lock", "packages:\n"),
                ("bin/console_simple.dart", "void main() {}\n"),
            ],
            version: "2.19",
            install: "dart pub get",
            build: "dart compile exe bin/console_simple.dart -o /out/console_simple.exe",
            start: "./bin/console_simple.exe",
            ..DART
        },
        Shape {
            name: "shelf",
            files: &[
                ("pubspec.yaml", "name: shop\nenvironment:\n  sdk: ^3.5.0\ndependencies:\n  shelf: ^1.4.0\n"),
                ("pubspec.lock", ""),
                ("bin/server.dart", "final port = int.parse(Platform.environment['PORT'] ?? '8088');\n"),
                ("bin/tool.dart", ""),
            ],
            framework: "shelf",
            install: "dart pub get --enforce-lockfile",
            build: "dart compile exe bin/server.dart -o /out/server.exe",
            start: "./bin/server.exe",
            port: 8088,
            ..DART
        },
        Shape {
            name: "dart_frog",
            files: &[
                ("pubspec.yaml", "name: shop\ndependencies:\n  dart_frog: ^1.0.0\n"),
                ("routes/index.dart", ""),
            ],
            framework: "dart_frog",
            install: "dart pub get",
            build: "dart run dart_frog_cli:dart_frog build && dart compile exe build/bin/server.dart -o /out/shop.exe",
            start: "./bin/shop.exe",
            ..DART
        },
        Shape {
            name: "Flutter for the web",
            files: &[
                (
                    "pubspec.yaml",
                    "name: shop\nenvironment:\n  sdk: ^3.5.0\ndependencies:\n  flutter:\n    sdk: flutter\n",
                ),
                ("pubspec.lock", ""),
                (".fvmrc", "{\"flutter\": \"3.24.3\"}"),
                ("lib/main.dart", ""),
                ("web/index.html", ""),
            ],
            stack: "flutter",
            version: "3.24.3",
            framework: "flutter",
            variant: "spa",
            manager: "pub",
            install: "flutter pub get --enforce-lockfile",
            build: "flutter build web --release",
            static_dir: "build/web",
            port: 8080,
            ..BASE
        },
        Shape {
            name: "Zig",
            files: &[
                ("build.zig", "const exe = b.addExecutable(.{\n    .name = \"shop\",\n});\n"),
                (
                    "build.zig.zon",
                    ".{\n    .name = .shop,\n    .minimum_zig_version = \"0.14.1\",\n    .dependencies = .{},\n}\n",
                ),
                ("src/main.zig", "try std.net.Address.parseIp(\"0.0.0.0\", 3000);\n"),
            ],
            version: "0.14.1",
            build: ZIG_BUILD,
            start: "./shop",
            port: 3000,
            ..ZIG
        },
        Shape {
            name: "Crystal with Kemal",
            files: &[
                (
                    "shard.yml",
                    "name: shop\nversion: 0.1.0\ntargets:\n  shop:\n    main: src/shop.cr\ndependencies:\n  kemal:\n    github: kemalcr/kemal\ncrystal: '>= 1.10.0'\n",
                ),
                ("shard.lock", "version: 2.0\n"),
                ("src/shop.cr", "get \"/health\" do\n  \"ok\"\nend\nKemal.run\n"),
            ],
            framework: "kemal",
            install: "shards install --production --skip-postinstall --skip-executables --frozen",
            build: "crystal build --release --no-debug --static -o /out/shop src/shop.cr",
            start: "./shop",
            port: 3000,
            ..CRYSTAL
        },
    ]
}
