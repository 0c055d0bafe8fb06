//! Files that were cut off or changed.

use std::fs;
use std::path::Path;

use byop_core::ErrorKind;
use byop_core::store::SqliteStore;

use super::{closed, fill, new_file, read_all, wal};
use crate::support::{Random, number_of};

/// A database with a log, as bytes, and what readers found in it.
struct Sound {
    database: Vec<u8>,
    log: Vec<u8>,
    found: Vec<String>,
}

impl Sound {
    async fn make() -> Self {
        let (_folder, path) = new_file();
        // The half of it lies in the database, the rest in the log.
        let store = SqliteStore::open(&path).await.unwrap();
        fill(&store).await;
        closed(store).await;
        let store = SqliteStore::open(&path).await.unwrap();
        fill_again(&store).await;
        let found = read_all(&store).await.into_iter().map(Result::unwrap).collect();
        Self { database: fs::read(&path).unwrap(), log: fs::read(wal(&path)).unwrap(), found }
    }

    fn write(&self, path: &Path) {
        fs::write(path, &self.database).unwrap();
        fs::write(wal(path), &self.log).unwrap();
    }
}

/// Changes that touch pages of each kind.
async fn fill_again(store: &SqliteStore) {
    use byop_core::store::{Expected, Store};
    for number in (0..40).step_by(3) {
        let key = format!("app-{number}");
        let value = serde_json::json!({ "again": number });
        store.put_record(&crate::support::PLATFORM, "apps", &key, &value, Expected::Any).await.unwrap();
    }
}

/// What became of a store that was damaged.
#[derive(Debug, PartialEq)]
enum Fate {
    /// The damage is noticed, at opening or by the calls that meet it.
    Noticed,
    /// Every answer is right.
    Harmless,
    /// A wrong answer.
    Silent(String),
}

async fn fate(path: &Path, found: &[String]) -> Fate {
    let store = match SqliteStore::open(path).await {
        Ok(store) => store,
        Err(error) => {
            let kinds = [ErrorKind::Corrupt, ErrorKind::InvalidInput, ErrorKind::Unsupported];
            assert!(kinds.contains(&error.kind()), "{error:?}");
            return Fate::Noticed;
        }
    };
    let mut fate = Fate::Harmless;
    for (answer, expected) in read_all(&store).await.into_iter().zip(found) {
        match answer {
            Ok(answer) if answer == *expected => {}
            Ok(answer) => return Fate::Silent(answer),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
                fate = Fate::Noticed;
            }
        }
    }
    fate
}

#[tokio::test]
async fn a_database_that_was_cut_off_is_corrupt() {
    let sound = Sound::make().await;
    let (_folder, path) = new_file();
    let whole = sound.database.len();
    // Of one byte SQLite says that it is a new file.
    let lengths = (2..whole).step_by(whole / 60).chain([15, 16, 99, 100, 511, 512, whole - 1, whole - 4096]);
    let mut count = 0;
    for length in lengths {
        fs::write(&path, &sound.database[..length]).unwrap();
        let Err(error) = SqliteStore::open(&path).await else {
            panic!("{length} of {whole} bytes are opened")
        };
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{length} of {whole} bytes: {error:?}");
        let _ = fs::remove_file(wal(&path));
        count += 1;
    }
    println!("{count} lengths");
}

#[tokio::test]
async fn a_database_that_was_emptied_beside_its_log_is_corrupt() {
    let sound = Sound::make().await;
    let (_folder, path) = new_file();
    sound.write(&path);
    fs::write(&path, "").unwrap();
    assert_eq!(SqliteStore::open(&path).await.unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(fs::read(wal(&path)).unwrap(), sound.log, "the log is left for who can save it");
}

/// Nobody can tell a torn log from one that a power cut left, but what is left of it must be whole.
#[tokio::test]
async fn a_log_that_was_cut_off_is_older_but_whole() {
    let sound = Sound::make().await;
    for length in (0..sound.log.len()).step_by(sound.log.len() / 40) {
        let (_folder, path) = new_file();
        fs::write(&path, &sound.database).unwrap();
        fs::write(wal(&path), &sound.log[..length]).unwrap();
        let store = SqliteStore::open(&path).await.unwrap();
        store.check().await.unwrap();
        assert!(read_all(&store).await.iter().all(Result::is_ok), "{length}");
    }
}

/// One bit, byte or run of bytes is changed, in the database or its log: no call panics, and none gives a wrong answer.
#[tokio::test]
async fn a_byte_that_was_changed_is_noticed_or_harmless() {
    let sound = Sound::make().await;
    let mut random = Random::from_env("BYOP_SEED");
    let flips = number_of("BYOP_FLIPS", 600);
    let (mut noticed, mut harmless, mut older) = (0, 0, 0);
    let mut silent = Vec::new();
    // In memory where there is such a folder: nothing here is about the disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for flip in 0..flips {
        let path = folder.path().join(format!("{flip}.db"));
        sound.write(&path);
        let is_log = random.below(4) == 0;
        let file = if is_log { wal(&path) } else { path.clone() };
        let mut bytes = fs::read(&file).unwrap();
        let at = random.below(bytes.len() as u64) as usize;
        let what = match random.below(3) {
            0 => {
                bytes[at] ^= 1 << random.below(8);
                1
            }
            1 => {
                bytes[at] = random.next() as u8;
                1
            }
            _ => {
                let length = 1 + random.below(64) as usize;
                let end = bytes.len().min(at + length);
                bytes[at..end].iter_mut().for_each(|byte| *byte = random.next() as u8);
                end - at
            }
        };
        fs::write(&file, bytes).unwrap();
        match fate(&path, &sound.found).await {
            Fate::Noticed => noticed += 1,
            Fate::Harmless => harmless += 1,
            // A log is believed up to its first frame that is not whole.
            Fate::Silent(_) if is_log => older += 1,
            Fate::Silent(answer) => silent.push(format!("{what} bytes at {at}: {answer:.300}")),
        }
        for file in [wal(&path), path] {
            let _ = fs::remove_file(file);
        }
    }
    println!("{flips} changes: {noticed} noticed, {harmless} harmless, {older} of a log that ends earlier");
    assert!(
        silent.is_empty(),
        "{} wrong answers (seed {}):\n{}",
        silent.len(),
        random.seed,
        silent.join("\n")
    );
}
