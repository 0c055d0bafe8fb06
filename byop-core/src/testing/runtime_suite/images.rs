//! Images and their builds.

use futures_util::{StreamExt, TryStreamExt};

use super::{Program, RuntimeEnv};
use crate::error::{ErrorKind, Result};
use crate::model::{BuildEvent, BuildImageSpec, FileSet};
use crate::source::{BuildContext, SourceTree};

fn context(files: &[(&str, &str)]) -> BuildContext {
    let tree = SourceTree::from_files([("app.txt", "hello")]).unwrap();
    let mut set = FileSet::new();
    for (path, text) in files {
        set.insert(*path, *text);
    }
    BuildContext::new(&tree, &set).unwrap()
}

async fn build(env: &RuntimeEnv, suffix: &str, dockerfile: &str) -> Vec<Result<BuildEvent>> {
    let mut spec = BuildImageSpec::new(env.tag(suffix));
    spec.builder = env.runtime.info().await.unwrap().builder;
    spec.labels = env.labels();
    env.runtime.build_image(&spec, context(&[("Dockerfile", dockerfile)])).await.unwrap().collect().await
}

/// The second time changes nothing.
pub async fn tagging_twice_is_ok(env: &RuntimeEnv) {
    let (image, tag) = (env.image(), env.tag("a"));
    env.runtime.tag_image(&image, &tag).await.unwrap();
    env.runtime.tag_image(&image, &tag).await.unwrap();
    let (by_tag, by_name) = (
        env.runtime.inspect_image(tag.as_str()).await.unwrap(),
        env.runtime.inspect_image(&image).await.unwrap(),
    );
    assert_eq!(by_tag.id, by_name.id);
    assert!(by_tag.tags.contains(&tag.as_str().to_owned()));
}

/// `NotFound`.
pub async fn tagging_a_missing_image_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.tag_image("byop-test-suite:missing", &env.tag("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Gone is what was asked for.
pub async fn removing_a_missing_image_is_ok(env: &RuntimeEnv) {
    env.runtime.remove_image(env.tag("a").as_str()).await.unwrap();
}

/// The image goes with its last name.
pub async fn removing_one_name_keeps_the_image(env: &RuntimeEnv) {
    let (image, tag) = (env.image(), env.tag("a"));
    env.runtime.tag_image(&image, &tag).await.unwrap();
    env.runtime.remove_image(tag.as_str()).await.unwrap();
    assert!(env.runtime.inspect_image(&image).await.is_ok());
    let error = env.runtime.inspect_image(tag.as_str()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// `Conflict`, even if the container is stopped.
pub async fn an_image_in_use_cannot_be_removed(env: &RuntimeEnv) {
    build(env, "a", &format!("FROM {}\nLABEL made=here\n", env.image()))
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()
        .unwrap();
    let mut spec = env.spec("a", &Program::Worker);
    spec.image = env.tag("a").as_str().to_owned();
    env.runtime.create_container(&spec).await.unwrap();
    let error = env.runtime.remove_image(&spec.image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
}

/// `NotFound`.
pub async fn inspecting_a_missing_image_is_not_found(env: &RuntimeEnv) {
    let error = env.runtime.inspect_image("byop-test-suite:missing").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// Steps are counted, output comes in lines, and the image is what the file says.
pub async fn a_build_tells_its_steps_and_ends_with_the_image(env: &RuntimeEnv) {
    let run = format!("RUN echo built-{}", env.name("a"));
    let text = format!("FROM {}\nCOPY app.txt /app.txt\n{run}\nEXPOSE 8080\nUSER 1000\n", env.image());
    let events: Vec<_> = build(env, "a", &text).await.into_iter().collect::<Result<_>>().unwrap();
    let steps = events.iter().filter(|event| matches!(event, BuildEvent::Step { .. })).count();
    // The base image is no step to every builder.
    assert!(steps >= 2, "{events:?}");
    assert!(events.contains(&BuildEvent::Log(format!("built-{}", env.name("a")))), "{events:?}");
    let Some(BuildEvent::Done(image)) = events.last() else { panic!("no image at the end: {events:?}") };
    assert_eq!((image.exposed_ports.as_slice(), image.user.as_str()), ([8080].as_slice(), "1000"));
    assert!(env.labels().iter().all(|(key, value)| image.labels.get(key) == Some(value)), "{image:?}");
    assert_eq!(env.runtime.inspect_image(env.tag("a").as_str()).await.unwrap().id, image.id);
}

/// `InvalidInput`, with the instruction, the output and the exit code.
pub async fn a_failed_build_names_the_step_and_quotes_the_output(env: &RuntimeEnv) {
    let text = format!("FROM {}\nRUN echo the-reason; exit 7\n", env.image());
    let error = build(env, "a", &text).await.pop().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(error.context("step").unwrap().contains("RUN echo the-reason; exit 7"), "{error:?}");
    assert!(error.context("log").unwrap().contains("the-reason"), "{error:?}");
    assert_eq!(error.message(), "`echo the-reason; exit 7` ended with exit code 7");
    assert_eq!(
        env.runtime.inspect_image(env.tag("a").as_str()).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

/// `InvalidInput`.
pub async fn a_build_without_its_dockerfile_is_refused(env: &RuntimeEnv) {
    let mut spec = BuildImageSpec::new(env.tag("a"));
    spec.builder = env.runtime.info().await.unwrap().builder;
    let stream = env.runtime.build_image(&spec, context(&[])).await.unwrap();
    let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
}

/// The order in which old ones are let go.
pub async fn images_are_listed_newest_first(env: &RuntimeEnv) {
    for suffix in ["b", "a", "c"] {
        let text = format!("FROM {}\nRUN echo {}\n", env.image(), env.tag(suffix));
        build(env, suffix, &text).await.into_iter().collect::<Result<Vec<_>>>().unwrap();
    }
    let listed = env.runtime.list_images(&env.filter()).await.unwrap();
    let tags: Vec<_> = listed.into_iter().flat_map(|image| image.tags).collect();
    assert_eq!(tags, ["c", "a", "b"].map(|suffix| env.tag(suffix).to_string()));
}

/// With everything that inspecting tells.
pub async fn images_are_listed_by_label(env: &RuntimeEnv) {
    let text = format!("FROM {}\nEXPOSE 8080\n", env.image());
    build(env, "a", &text).await.into_iter().collect::<Result<Vec<_>>>().unwrap();
    let found = env.runtime.list_images(&env.filter()).await.unwrap();
    assert_eq!(found, [env.runtime.inspect_image(env.tag("a").as_str()).await.unwrap()]);
}
