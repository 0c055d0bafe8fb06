//! .NET.

use super::{BASE, Shape};

const WEB: Shape = Shape {
    stack: "dotnet",
    version: "8.0",
    framework: "aspnetcore",
    manager: "nuget",
    install: "dotnet restore shop.csproj",
    build: "dotnet publish shop.csproj -c Release -o /out -p:UseAppHost=false",
    start: "dotnet shop.dll",
    port: 8080,
    ..BASE
};

const WEB_8: &str = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>";
const LIBRARY: &str = "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>";

pub(crate) fn shapes() -> Vec<Shape> {
    [single(), several()].into_iter().flatten().collect()
}

fn single() -> Vec<Shape> {
    vec![
        Shape {
            name: "a web project",
            files: &[
                ("shop.csproj", WEB_8),
                ("Program.cs", "app.MapHealthChecks(\"/healthz\");\napp.Run();\n"),
                (
                    "Properties/launchSettings.json",
                    "{\"profiles\":{\"http\":{\"applicationUrl\":\"http://localhost:5123\"}}}",
                ),
            ],
            ..WEB
        },
        Shape {
            name: "an older web project under a newer SDK",
            files: &[
                (
                    "shop.csproj",
                    "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n  <!-- <TargetFramework>net9.0</TargetFramework> -->\n  <PropertyGroup>\n    <TargetFramework>net6.0</TargetFramework>\n  </PropertyGroup>\n</Project>\n",
                ),
                (
                    "global.json",
                    "{\n  // any\n  \"sdk\": { \"version\": \"7.0.0\", \"rollForward\": \"latestMajor\" }\n}",
                ),
                ("appsettings.json", "{\"Kestrel\":{\"Endpoints\":{\"Http\":{\"Url\":\"http://*:5005\"}}}}"),
            ],
            version: "6.0",
            port: 5005,
            ..WEB
        },
        Shape {
            name: "a console program in F# on the web SDK",
            files: &[
                (
                    "cli.fsproj",
                    "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net6.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup></Project>",
                ),
                ("Program.fs", "printfn \"Hello\"\n"),
            ],
            version: "6.0",
            framework: "",
            install: "dotnet restore cli.fsproj",
            build: "dotnet publish cli.fsproj -c Release -o /out -p:UseAppHost=false",
            start: "dotnet cli.dll",
            ..WEB
        },
        Shape {
            name: "a project with a name of its own, several targets and native code",
            files: &[(
                "shop.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk.Web/9.0.0\"><PropertyGroup><TargetFrameworks>net8.0;net10.0;netstandard2.0</TargetFrameworks><AssemblyName>$(Company).Shop</AssemblyName><Company>Acme Inc</Company><PublishAot>true</PublishAot></PropertyGroup></Project>",
            )],
            version: "10.0",
            build: "dotnet publish shop.csproj -c Release -o /out -f net10.0 -p:UseAppHost=false -p:PublishAot=false",
            start: "dotnet 'Acme Inc.Shop.dll'",
            ..WEB
        },
        Shape {
            name: "a worker",
            files: &[(
                "shop.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk.Worker\"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>",
            )],
            version: "9.0",
            framework: "worker",
            ..WEB
        },
        Shape {
            name: "Blazor in the browser",
            files: &[(
                "shop.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk.BlazorWebAssembly\"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>",
            )],
            framework: "blazor",
            variant: "spa",
            build: "dotnet publish shop.csproj -c Release -o /out",
            start: "",
            static_dir: "wwwroot",
            ..WEB
        },
        Shape {
            name: "Blazor on the server, listening where the source says",
            files: &[
                ("shop.csproj", WEB_8),
                (
                    "Program.cs",
                    "builder.Services.AddRazorComponents();\n// app.Run(\"http://0.0.0.0:1\");\napp.Run(\"http://0.0.0.0:5050\");\n",
                ),
            ],
            framework: "blazor",
            port: 5050,
            ..WEB
        },
        Shape {
            name: "a project for Windows",
            files: &[(
                "shop.csproj",
                "<Project ToolsVersion=\"15.0\" xmlns=\"http://example.com/msbuild\"><PropertyGroup><OutputType>Exe</OutputType><TargetFrameworkVersion>v4.8</TargetFrameworkVersion></PropertyGroup></Project>",
            )],
            version: "10.0",
            framework: "",
            install: "",
            build: "",
            start: "",
            ..WEB
        },
        Shape {
            name: "a .NET library",
            files: &[("lib.csproj", LIBRARY)],
            framework: "",
            install: "",
            build: "",
            start: "",
            ..WEB
        },
    ]
}

fn several() -> Vec<Shape> {
    vec![
        Shape {
            name: "a solution with a web project, a library and tests",
            files: &[
                ("Shop.sln", ""),
                (
                    "Directory.Packages.props",
                    "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>",
                ),
                (
                    "Directory.Build.props",
                    "<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>",
                ),
                (
                    "src/Shop.Web/Shop.Web.csproj",
                    "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><ProjectReference Include=\"..\\Shop.Core\\Shop.Core.csproj\" /></ItemGroup></Project>",
                ),
                ("src/Shop.Web/packages.lock.json", "{}"),
                ("src/Shop.Core/Shop.Core.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>"),
                (
                    "check/Shop.Checks/Shop.Tests.csproj",
                    "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><PackageReference Include=\"Microsoft.NET.Test.Sdk\" /></ItemGroup></Project>",
                ),
            ],
            version: "9.0",
            install: "dotnet restore src/Shop.Web/Shop.Web.csproj --locked-mode",
            build: "dotnet publish src/Shop.Web/Shop.Web.csproj -c Release -o /out -p:UseAppHost=false",
            start: "dotnet Shop.Web.dll",
            ..WEB
        },
        Shape {
            name: "two web projects, one of them an API",
            files: &[
                ("a.slnx", "<Solution/>"),
                ("Shop.Api/Shop.Api.csproj", WEB_8),
                ("Shop.Admin/Shop.Admin.csproj", WEB_8),
            ],
            install: "dotnet restore Shop.Api/Shop.Api.csproj",
            build: "dotnet publish Shop.Api/Shop.Api.csproj -c Release -o /out -p:UseAppHost=false",
            start: "dotnet Shop.Api.dll",
            ..WEB
        },
        Shape {
            name: "two web projects and no hint",
            files: &[("One/One.csproj", WEB_8), ("Two/Two.csproj", WEB_8)],
            framework: "",
            install: "",
            build: "",
            start: "",
            ..WEB
        },
    ]
}
