// swift-tools-version:6.0
import PackageDescription

let package = Package(
    name: "Greeter",
    targets: [
        .executableTarget(name: "Greeter")
    ]
)
