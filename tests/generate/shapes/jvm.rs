//! Java and Kotlin, Scala and Clojure.

use super::{BASE, Shape};

const MAVEN: Shape = Shape {
    stack: "java",
    version: "21",
    manager: "maven",
    install: "mvn -B dependency:resolve",
    port: 8080,
    ..BASE
};
const GRADLE: Shape = Shape { stack: "java", version: "21", manager: "gradle", port: 8080, ..BASE };

const JAR: &str = "java -jar /app/app.jar";
const PACKAGE: &str = "mvn -B -DskipTests package";

const MAIN: &str = "package demo;\npublic class Main {\n  public static void main(String[] args) {}\n}\n";
const BOOT_POM: &str = "<project><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.4.0</version></parent><artifactId>shop</artifactId><properties><java.version>17</java.version></properties><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-actuator</artifactId></dependency></dependencies><build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>";
const WRAPPER_8_2: (&str, &str) = (
    "gradle/wrapper/gradle-wrapper.properties",
    "distributionBase=GRADLE_USER_HOME\ndistributionUrl=https\\://example.com/distributions/gradle-8.2.1-bin.zip\n",
);
const WRAPPER_JAR: (&str, &str) = ("gradle/wrapper/gradle-wrapper.jar", "");
const GRADLEW: (&str, &str) = ("gradlew", "#!/bin/sh\n");

pub(crate) fn shapes() -> Vec<Shape> {
    [maven(), gradle(), others()].into_iter().flatten().collect()
}

fn maven() -> Vec<Shape> {
    vec![
        Shape {
            name: "Maven with Spring Boot",
            files: &[
                ("pom.xml", BOOT_POM),
                ("src/main/java/demo/Main.java", MAIN),
                ("src/main/resources/application.properties", "server.port=9090\n"),
            ],
            version: "17",
            framework: "spring-boot",
            build: PACKAGE,
            start: JAR,
            port: 9090,
            ..MAVEN
        },
        Shape {
            name: "Maven with a wrapper and a pinned JDK",
            files: &[
                ("pom.xml", BOOT_POM),
                ("mvnw", "#!/bin/sh\n"),
                (
                    ".mvn/wrapper/maven-wrapper.properties",
                    "distributionUrl=https://example.com/apache-maven-3.9.9-bin.zip\n",
                ),
                (".tool-versions", "java temurin-25.0.1+8\n"),
            ],
            version: "25",
            framework: "spring-boot",
            install: "./mvnw -B dependency:resolve",
            build: "./mvnw -B -DskipTests package",
            start: JAR,
            ..MAVEN
        },
        Shape {
            name: "Maven with nothing but a main class",
            files: &[
                (
                    "pom.xml",
                    "<project><properties><maven.compiler.release>11</maven.compiler.release></properties></project>",
                ),
                ("src/main/java/demo/Main.java", MAIN),
            ],
            version: "11",
            build: PACKAGE,
            start: "java -cp /app/app.jar demo.Main",
            ..MAVEN
        },
        Shape {
            name: "Maven with libraries beside the archive",
            files: &[
                (
                    "pom.xml",
                    "<project><!-- <packaging>war</packaging> --><properties><v>1.8</v><maven.compiler.source>${v}</maven.compiler.source></properties><dependencies><dependency><groupId>io.javalin</groupId><artifactId>javalin</artifactId></dependency></dependencies></project>",
                ),
                (
                    "src/main/java/demo/Main.java",
                    "package demo;\nclass Main {\n public static void main(String[] a) {\n  Javalin.create().get(\"/health\", c -> {}).start(7070);\n",
                ),
            ],
            version: "8",
            framework: "javalin",
            build: "mvn -B -DskipTests package dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib",
            start: "java -cp '/app/app.jar:/app/lib/*' demo.Main",
            port: 7070,
            ..MAVEN
        },
        Shape {
            name: "Maven with a shaded archive",
            files: &[(
                "pom.xml",
                "<project><build><plugins><plugin><artifactId>maven-shade-plugin</artifactId><executions><execution><phase>package</phase><goals><goal>shade</goal></goals><configuration><transformers><transformer><mainClass>a.B</mainClass></transformer></transformers></configuration></execution></executions></plugin><plugin><artifactId>maven-compiler-plugin</artifactId><configuration><release>21</release></configuration></plugin></plugins></build></project>",
            )],
            build: PACKAGE,
            start: JAR,
            ..MAVEN
        },
        Shape {
            name: "Maven with an assembled archive",
            files: &[(
                "pom.xml",
                "<project><build><plugins><plugin><artifactId>maven-assembly-plugin</artifactId><configuration><descriptorRefs><descriptorRef>jar-with-dependencies</descriptorRef></descriptorRefs></configuration></plugin></plugins></build></project>",
            )],
            build: "mvn -B -DskipTests package assembly:single",
            start: JAR,
            ..MAVEN
        },
        Shape {
            name: "Quarkus on Maven",
            files: &[
                (
                    "pom.xml",
                    "<project><properties><maven.compiler.release>21</maven.compiler.release></properties><dependencies><dependency><groupId>io.quarkus</groupId><artifactId>quarkus-smallrye-health</artifactId></dependency></dependencies><build><plugins><plugin><groupId>io.quarkus.platform</groupId><artifactId>quarkus-maven-plugin</artifactId></plugin></plugins></build></project>",
                ),
                ("src/main/resources/application.properties", "quarkus.http.port=8180\n"),
            ],
            framework: "quarkus",
            build: PACKAGE,
            start: "java -jar /app/quarkus-run.jar",
            port: 8180,
            ..MAVEN
        },
        Shape {
            name: "Micronaut on Maven",
            files: &[
                (
                    "pom.xml",
                    "<project><parent><groupId>io.micronaut.platform</groupId><artifactId>micronaut-parent</artifactId></parent><properties><packaging>jar</packaging><jdk.version>21</jdk.version></properties></project>",
                ),
                ("src/main/resources/application.yml", "micronaut:\n  server:\n    port: 8085\n"),
            ],
            framework: "micronaut",
            build: PACKAGE,
            start: JAR,
            port: 8085,
            ..MAVEN
        },
        Shape {
            name: "an archive for a servlet container",
            files: &[(
                "pom.xml",
                "<project><packaging>war</packaging><dependencies><dependency><groupId>javax.servlet</groupId><artifactId>javax.servlet-api</artifactId><scope>provided</scope></dependency></dependencies></project>",
            )],
            build: PACKAGE,
            start: "catalina.sh run",
            ..MAVEN
        },
        Shape {
            name: "Spring Boot as a war on Maven, without the parent",
            files: &[
                (
                    "pom.xml",
                    "<project><packaging>war</packaging><build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
                ),
                ("system.properties", "java.runtime.version=17\n"),
            ],
            version: "17",
            framework: "spring-boot",
            build: "mvn -B -DskipTests package spring-boot:repackage",
            start: "java -jar /app/app.war",
            ..MAVEN
        },
        Shape {
            name: "Maven with modules, one of them an app",
            files: &[
                (
                    "pom.xml",
                    "<project><packaging>pom</packaging><modules><module>core</module><module>web</module></modules><properties><java.version>21</java.version></properties></project>",
                ),
                ("core/pom.xml", "<project><artifactId>core</artifactId></project>"),
                (
                    "web/pom.xml",
                    "<project><artifactId>web</artifactId><build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId><executions><execution><goals><goal>repackage</goal></goals></execution></executions></plugin></plugins></build></project>",
                ),
            ],
            framework: "spring-boot",
            install: "",
            build: "mvn -B -DskipTests -pl web -am package",
            start: JAR,
            ..MAVEN
        },
        Shape {
            name: "Maven with two apps and no hint",
            files: &[
                (
                    "pom.xml",
                    "<project><packaging>pom</packaging><modules><module>one</module><module>two</module></modules></project>",
                ),
                ("one/pom.xml", "<project><packaging>war</packaging></project>"),
                ("two/pom.xml", "<project><packaging>war</packaging></project>"),
            ],
            install: "",
            ..MAVEN
        },
        Shape {
            name: "a Maven library",
            files: &[
                ("pom.xml", "<project><artifactId>lib</artifactId></project>"),
                ("src/main/java/a/B.java", "package a;\n"),
            ],
            build: PACKAGE,
            ..MAVEN
        },
    ]
}

fn gradle() -> Vec<Shape> {
    vec![
        Shape {
            name: "Gradle with a wrapper that no new JDK runs",
            files: &[
                ("build.gradle", "plugins { id 'application' }\napplication { mainClass = 'demo.Main' }\n"),
                ("settings.gradle", "rootProject.name = 'demo'\n"),
                GRADLEW,
                WRAPPER_8_2,
                WRAPPER_JAR,
            ],
            version: "17",
            install: "./gradlew --no-daemon dependencies",
            build: "./gradlew --no-daemon installDist -x test",
            start: "java -cp '/app/lib/*' demo.Main",
            ..GRADLE
        },
        Shape {
            name: "Spring Boot on an old Gradle",
            files: &[
                (
                    "build.gradle",
                    "plugins {\n id 'org.springframework.boot' version '2.4.0' // 3.0\n id 'java'\n}\nsourceCompatibility = '1.8'\n",
                ),
                GRADLEW,
                (
                    "gradle/wrapper/gradle-wrapper.properties",
                    "distributionUrl=https\\://example.com/gradle-6.7.1-all.zip\n",
                ),
                WRAPPER_JAR,
            ],
            version: "8",
            framework: "spring-boot",
            install: "./gradlew --no-daemon dependencies",
            build: "./gradlew --no-daemon bootJar -x test",
            start: JAR,
            ..GRADLE
        },
        Shape {
            name: "Spring Boot in Kotlin, with a catalogue and a toolchain that its Gradle does not run on",
            files: &[
                (
                    "build.gradle.kts",
                    "plugins {\n alias(libs.plugins.spring.boot)\n kotlin(\"jvm\") version \"2.0.0\"\n}\nkotlin { jvmToolchain(21) }\ndependencies { implementation(libs.actuator) }\n",
                ),
                (
                    "gradle/libs.versions.toml",
                    "[plugins]\nspring-boot = { id = \"org.springframework.boot\", version = \"3.1.0\" }\n[libraries]\nactuator = { module = \"org.springframework.boot:spring-boot-starter-actuator\" }\n",
                ),
                ("src/main/resources/application.yaml", "server:\n  port: ${PORT:8081}\n"),
                GRADLEW,
                WRAPPER_8_2,
                WRAPPER_JAR,
            ],
            framework: "spring-boot",
            install: "./gradlew --no-daemon dependencies",
            build: "./gradlew --no-daemon bootJar -x test",
            start: JAR,
            port: 8081,
            ..GRADLE
        },
        Shape {
            name: "Gradle without a wrapper, with libraries and a main class in Kotlin",
            files: &[
                (
                    "build.gradle.kts",
                    "plugins { kotlin(\"jvm\") version \"2.2.0\" }\ndependencies {\n    implementation(\"io.ktor:ktor-server-netty:3.0.0\")\n}\n",
                ),
                (
                    "src/main/kotlin/demo/App.kt",
                    "package demo\nfun main() {\n  embeddedServer(Netty, port = 8088) { routing { get(\"/healthz\") {} } }\n}\n",
                ),
                (".sdkmanrc", "# x\njava=25.0.1-tem\n"),
            ],
            version: "25",
            framework: "ktor",
            install: "gradle --no-daemon dependencies",
            build: "gradle --no-daemon -I /opt/byop/libraries.gradle jar libraries -x test",
            start: "java -cp '/app/app.jar:/app/lib/*' demo.AppKt",
            port: 8088,
            ..GRADLE
        },
        Shape {
            name: "Ktor's own plugin",
            files: &[
                ("build.gradle.kts", "plugins { id(\"io.ktor.plugin\") version \"3.0.0\" }\n"),
                (
                    "src/main/resources/application.conf",
                    "ktor {\n  deployment {\n    port = 8082\n    port = ${?PORT}\n  }\n}\n",
                ),
            ],
            framework: "ktor",
            install: "gradle --no-daemon dependencies",
            build: "gradle --no-daemon buildFatJar -x test",
            start: JAR,
            port: 8082,
            ..GRADLE
        },
        Shape {
            name: "Quarkus on Gradle with a JDK from mise",
            files: &[
                (
                    "build.gradle",
                    "plugins { id 'io.quarkus' }\njava { toolchain { languageVersion = JavaLanguageVersion.of(17) } }\n",
                ),
                ("mise.toml", "[tools]\njava = \"corretto-17\"\n"),
            ],
            version: "17",
            framework: "quarkus",
            install: "gradle --no-daemon dependencies",
            build: "gradle --no-daemon quarkusBuild -x test",
            start: "java -jar /app/quarkus-run.jar",
            ..GRADLE
        },
        Shape {
            name: "Micronaut on Gradle",
            files: &[(
                "build.gradle",
                "plugins {\n id('com.gradleup.shadow') version '8'\n}\n/* id 'war' */\nversion = '1'\nsourceCompatibility = JavaVersion.toVersion('17')\ndependencies { implementation 'io.micronaut:micronaut-http-server-netty' }\n",
            )],
            version: "17",
            framework: "micronaut",
            install: "gradle --no-daemon dependencies",
            build: "gradle --no-daemon shadowJar -x test",
            start: JAR,
            ..GRADLE
        },
        Shape {
            name: "Gradle with modules, the app below a folder",
            files: &[
                (
                    "settings.gradle.kts",
                    "rootProject.name = \"shop\"\ninclude(\":libs:core\", \":apps:api\")\n",
                ),
                (
                    "build.gradle.kts",
                    "plugins { id(\"org.springframework.boot\") version \"3.4.0\" apply false }\n",
                ),
                ("libs/core/build.gradle.kts", "plugins { `java-library` }\n"),
                ("apps/api/build.gradle.kts", "plugins { id(\"org.springframework.boot\") }\n"),
                ("gradle.properties", "org.gradle.jvmargs=-Xmx2g\n"),
            ],
            framework: "spring-boot",
            install: "gradle --no-daemon :apps:api:dependencies",
            build: "gradle --no-daemon :apps:api:bootJar -x test",
            start: JAR,
            ..GRADLE
        },
        Shape {
            name: "Gradle whose root sets everything for its modules",
            files: &[
                ("settings.gradle", "include 'core'\ninclude 'service'\n"),
                (
                    "build.gradle",
                    "subprojects {\n apply plugin: 'org.springframework.boot'\n sourceCompatibility = 11\n}\n",
                ),
                ("core/src/main/java/a/A.java", "package a;\n"),
                (
                    "service/src/main/java/a/Main.java",
                    "package a;\nclass Main { public static void main(String[] x) {} }\n",
                ),
            ],
            version: "11",
            framework: "spring-boot",
            build: "gradle --no-daemon :service:bootJar -x test",
            start: JAR,
            ..GRADLE
        },
        Shape {
            name: "a Gradle library",
            files: &[("build.gradle", "plugins { id 'java-library' }\n")],
            install: "gradle --no-daemon dependencies",
            build: "gradle --no-daemon jar -x test",
            ..GRADLE
        },
    ]
}

fn others() -> Vec<Shape> {
    const SCALA: Shape = Shape {
        stack: "scala",
        version: "21",
        manager: "sbt",
        install: "sbt -batch update",
        build: "sbt -batch assembly",
        start: JAR,
        port: 8080,
        ..BASE
    };
    const CLOJURE: Shape = Shape {
        stack: "clojure",
        version: "21",
        manager: "leiningen",
        install: "lein deps",
        build: "lein uberjar",
        start: JAR,
        port: 8080,
        ..BASE
    };
    const SOURCE: (&str, &str) = ("src/main/scala/Main.scala", "object Main extends App\n");
    vec![
        Shape {
            name: "Scala with the native packager",
            files: &[
                (
                    "build.sbt",
                    "name := \"main\"\nenablePlugins(JavaAppPackaging)\nlibraryDependencies += \"org.http4s\" %% \"http4s-ember-server\" % \"0.23\"\n",
                ),
                (
                    "project/plugins.sbt",
                    "addSbtPlugin(\"com.github.sbt\" % \"sbt-native-packager\" % \"1.10.4\")\n",
                ),
                ("project/build.properties", "sbt.version=1.11.6\n"),
                SOURCE,
            ],
            framework: "http4s",
            build: "sbt -batch stage",
            start: "/app/bin/app",
            ..SCALA
        },
        Shape {
            name: "Scala with an assembled archive of its own name, on an older JDK",
            files: &[
                ("build.sbt", "assembly / assemblyJarName := \"shop.jar\"\n"),
                ("project/assembly.sbt", "addSbtPlugin(\"com.eed3si9n\" % \"sbt-assembly\" % \"2.3.1\")\n"),
                (".java-version", "17.0.2\n"),
                SOURCE,
            ],
            version: "17",
            ..SCALA
        },
        Shape {
            name: "Scala without any packaging",
            files: &[("build.sbt", "scalaVersion := \"3.3.1\"\n"), SOURCE],
            ..SCALA
        },
        Shape {
            name: "Play",
            files: &[
                ("build.sbt", "lazy val root = (project in file(\".\")).enablePlugins(PlayScala)\n"),
                ("app/controllers/Home.scala", "class Home\n"),
            ],
            framework: "play",
            build: "sbt -batch stage",
            start: "/app/bin/app -Dpidfile.path=/dev/null -Dhttp.port=$PORT",
            port: 9000,
            ..SCALA
        },
        Shape { name: "sbt without any source", files: &[("build.sbt", "")], start: "", ..SCALA },
        Shape {
            name: "Leiningen with a pinned JDK",
            files: &[
                (
                    "project.clj",
                    "(defproject shop \"0.1\"\n  :dependencies [[ring/ring-jetty-adapter \"1.11\"]]\n  :main ^:skip-aot shop.core ; the program\n  :profiles {:uberjar {:aot :all}})\n",
                ),
                ("src/shop/core.clj", "(ns shop.core)\n(defn -main [] (run-jetty app {:port 3001}))\n"),
                (".jdk-version", "11\n"),
            ],
            version: "11",
            framework: "ring",
            port: 3001,
            ..CLOJURE
        },
        Shape {
            name: "Leiningen for the newest JDK, without a program",
            files: &[("project.clj", "(defproject lib \"0.1\")\n"), (".jdk-version", "latest\n")],
            version: "25",
            start: "",
            ..CLOJURE
        },
        Shape {
            name: "Clojure's own tools",
            files: &[
                (
                    "deps.edn",
                    "{:deps {http-kit/http-kit {:mvn/version \"2.8\"}} :aliases {:build {:ns-default build}}}\n",
                ),
                ("build.clj", "(ns build)\n(defn uber [_]\n  (b/uber {:main 'shop.core}))\n"),
                ("src/shop/core.clj", "(ns shop.core)\n"),
            ],
            framework: "http-kit",
            manager: "clojure tools",
            install: "clojure -P",
            build: "clojure -T:build uber",
            ..CLOJURE
        },
    ]
}
