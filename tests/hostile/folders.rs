//! Folders that are no source.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use byop_core::model::Source;

use crate::support::World;

#[tokio::test]
async fn folders_that_are_no_source_are_refused() {
    let world = World::new();
    let make = |case: &str, fill: &dyn Fn(&Path)| {
        let folder = world.path(case);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("Dockerfile"), "FROM scratch\nEXPOSE 80\n").unwrap();
        fill(&folder);
        Source::Directory(folder)
    };
    let outside = world.outside();
    type Fill<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Fill<'_>, &str); 12] = [
        ("link-up", &|f| symlink("../outside/passwd", f.join("app")).unwrap(), "app"),
        ("link-absolute", &|f| symlink(outside.join("passwd"), f.join("app")).unwrap(), "app"),
        ("link-folder", &|f| symlink("../outside", f.join("static")).unwrap(), "static"),
        (
            "link-through-link",
            &|f| {
                symlink(".", f.join("here")).unwrap();
                symlink("here/../../outside/passwd", f.join("app")).unwrap();
            },
            "app",
        ),
        (
            "link-as-dockerfile",
            &|f| {
                std::fs::remove_file(f.join("Dockerfile")).unwrap();
                symlink("../outside/passwd", f.join("Dockerfile")).unwrap();
            },
            "Dockerfile",
        ),
        (
            "link-as-manifest",
            &|f| symlink("../outside/package.json", f.join("package.json")).unwrap(),
            "package.json",
        ),
        ("bytes", &|f| std::fs::write(f.join(OsStr::from_bytes(b"caf\xe9")), "").unwrap(), "UTF-8"),
        ("newline", &|f| std::fs::write(f.join("a\nRUN evil"), "").unwrap(), "RUN evil"),
        ("escape", &|f| std::fs::write(f.join("a\u{1b}[31m"), "").unwrap(), "a\\u{1b}"),
        (
            "deep",
            &|f| {
                let deep: std::path::PathBuf = std::iter::repeat_n("d", 100).collect();
                std::fs::create_dir_all(f.join(deep)).unwrap();
            },
            "depth",
        ),
        (
            "sparse",
            &|f| std::fs::File::create(f.join("disk.img")).unwrap().set_len(10 << 30).unwrap(),
            "disk.img",
        ),
        (
            "many",
            &|f| {
                for number in 0..100_000 {
                    std::fs::File::create(f.join(number.to_string())).unwrap();
                }
            },
            "50000 entries",
        ),
    ];
    for (case, fill, named) in cases {
        let source = make(case, fill);
        if case == "many" {
            world.refuses_deployment(case, source, named).await;
        } else {
            world.refuses(case, source, named).await;
        }
    }
    let empty = world.path("empty");
    std::fs::create_dir(&empty).unwrap();
    world.refuses("an empty folder", Source::Directory(empty), "looked_for").await;
    world.refuses("a missing folder", Source::Directory(world.path("nowhere")), "nowhere").await;
    let file = world.path("file");
    std::fs::write(&file, "").unwrap();
    world.refuses("a file", Source::Directory(file), "file").await;
    world.refuses("no path", Source::Directory("".into()), "folder").await;
    world.refuses("a NUL", Source::Directory("a\0b".into()), "folder").await;
    world.end();
}
