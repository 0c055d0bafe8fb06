//! What all stacks on the Java virtual machine have in common: which release, and the stage that runs.

use super::images::BaseImages;
use super::pins::{self, Pin};
use super::view::View;
use super::{finish, version};
use crate::error::Result;
use crate::model::{BuildStep, Plan, Stage};

/// Releases that are supported for years; the newest last.
const LASTING: [u32; 5] = [8, 11, 17, 21, 25];

/// The release in a text such as `21`, `1.8`, `temurin-17.0.9+9`, `21.0.2-tem`, `VERSION_11` or `graalvm-ce-java17-22.3`.
pub(crate) fn release_in(text: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    if lower.contains("latest") {
        return LASTING.last().copied();
    }
    // GraalVM's own number comes first or last; the release of Java has a mark.
    let marked = ["java", ".r"].iter().find_map(|mark| {
        let rest = &lower[lower.find(mark)? + mark.len()..];
        rest.starts_with(|c: char| c.is_ascii_digit()).then_some(rest)
    });
    let text = marked.unwrap_or(&lower);
    // `jdk64-11`: the width of the machine is no release.
    let text = text.replace("jdk64-", "");
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text[start..].split(['.', '_', '-', '+', 'u']).map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse::<u32>().ok()
    });
    match numbers.next()?? {
        1 => numbers.next().flatten(),
        release => Some(release),
    }
    .filter(|release| (1..100).contains(release))
}

/// The release to build with for a language level: the level itself where it is supported for years, else the next
/// such release.
pub(crate) fn lasting(level: u32) -> u32 {
    LASTING.into_iter().find(|release| *release >= level).unwrap_or(level)
}

/// The newest release that is supported for years within bounds, the default first.
pub(crate) fn newest_within(images: &BaseImages, low: u32, high: u32) -> u32 {
    let default = release_in(&images.default_version("java")).unwrap_or(21);
    if (low..=high).contains(&default) {
        return default;
    }
    LASTING.into_iter().rev().find(|release| (low..=high).contains(release)).unwrap_or(high)
}

/// The releases that tools pin: files of version switchers and of platforms.
pub(crate) fn tool_pins(view: &View<'_>) -> Result<Vec<Pin>> {
    let mut found = Vec::new();
    for file in [".java-version", ".jdk-version"] {
        found.extend(pins::from_file(view, file)?);
    }
    for (file, key) in [(".sdkmanrc", "java"), ("system.properties", "java.runtime.version")] {
        let text = view.read(file)?.unwrap_or_default();
        let value = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).find_map(|line| {
            line.split_once('=')
                .filter(|(name, _)| name.trim() == key)
                .map(|(_, value)| value.trim().to_owned())
        });
        found.extend(value.map(|value| Pin::new(value, file, key)));
    }
    found.extend(pins::from_tools(view, &["java", "openjdk"])?);
    // The image of a release that nobody supported for long does not exist: the next one runs its programs too.
    Ok(found
        .into_iter()
        .filter_map(|pin| {
            let release = release_in(&pin.request)?;
            let reason = format!("{}: {}", pin.reason, pin.request);
            let release = if release < 16 { lasting(release) } else { release };
            Some(Pin::new(release.to_string(), pin.file, reason))
        })
        .collect())
}

/// The major number of the JDK that a plan builds and runs on.
pub(crate) fn major(version: &str) -> u32 {
    version::Version::parse(version).map_or(21, |version| version.major())
}

/// The stage that runs a program on a Java runtime.
pub(crate) fn run_stage(plan: &mut Plan, images: &BaseImages, files: Vec<BuildStep>) {
    let version = plan.version.clone().unwrap_or_default();
    let mut steps = vec![BuildStep::Workdir("/app".into()), finish::probe(plan, images)];
    steps.extend(files);
    plan.stages.push(Stage {
        name: "run".into(),
        image: images.image("java.run", &version),
        reason: "What runs: the Java runtime without compiler and build tool.".into(),
        steps,
    });
    environment(plan);
}

/// The shell that moves the one file below `folder` that fits `tests` of `find` to `target`, and fails with what it
/// found where that is not one.
pub(crate) fn only(folder: &str, tests: &str, what: &str, target: &str) -> String {
    format!(
        "mkdir -p /out /tmp/found && find {folder} -type f {tests} -exec cp {{}} /tmp/found/ ';' \
         && set -- /tmp/found/* && if [ $# -ne 1 ] || [ ! -f \"$1\" ]; then \
         echo \"There must be one {what}, found: $*\" >&2; exit 1; fi \
         && mv \"$1\" {target}"
    )
}

/// Settings of the virtual machine that hold for any program in a container.
pub(crate) fn environment(plan: &mut Plan) {
    // The heap follows the container's limit, with room for what is not heap; a full heap ends the process, so that
    // it is started again, in place of an app that half works.
    plan.env.insert("JAVA_TOOL_OPTIONS".into(), "-XX:MaxRAMPercentage=70 -XX:+ExitOnOutOfMemoryError".into());
    plan.env.insert("HOME".into(), "/tmp".into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_in_all_spellings() {
        for (text, release) in [
            ("21", Some(21)),
            ("1.8", Some(8)),
            ("1.8.0_292", Some(8)),
            ("8u292", Some(8)),
            ("temurin-17.0.9+9", Some(17)),
            ("zulu-8.86.0.25", Some(8)),
            ("21.0.2-tem", Some(21)),
            ("22.3.r17-grl", Some(17)),
            ("graalvm-ce-java17-22.3", Some(17)),
            ("openjdk64-11.0.2", Some(11)),
            ("VERSION_1_8", Some(8)),
            ("VERSION_17", Some(17)),
            ("JvmTarget.JVM_21", Some(21)),
            ("latest", Some(25)),
            ("lts", None),
            ("", None),
        ] {
            assert_eq!(release_in(text), release, "{text}");
        }
    }

    #[test]
    fn a_level_without_long_support_is_run_by_the_next_release_with_it() {
        assert_eq!([6, 8, 9, 14, 17, 18, 26].map(lasting), [8, 8, 11, 17, 17, 21, 26]);
    }
}
