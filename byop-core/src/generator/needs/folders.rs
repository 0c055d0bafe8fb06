//! Files that an app makes and wants back after the next release.

use crate::model::{Diagnostic, Plan, Severity};

/// What a line says before it names the folder of files that visitors send.
const UPLOADS: [&str; 10] = [
    "MEDIA_ROOT",
    "UPLOAD_FOLDER",
    "UPLOAD_DIR",
    "UPLOADS_DIR",
    "UPLOAD_PATH",
    "multer({ dest",
    "multer({dest",
    "diskStorage(",
    "uploadDir",
    "UPLOADED_FILES_DEST",
];

/// Says which files would be lost, as the root file system is made anew with each release.
pub(super) fn keeps(plan: &Plan, sources: &[(String, String)], sqlite: Option<String>) -> Option<Diagnostic> {
    if !plan.volumes.is_empty() || plan.static_dir.is_some() {
        return None;
    }
    let mut kept = Vec::new();
    if let Some(file) = sqlite {
        let database = sources.iter().find_map(|(_, text)| text.lines().find_map(database_in));
        kept.push(match database {
            Some(name) => format!("the database {name} ({file})"),
            None => format!("a database of SQLite ({file})"),
        });
    }
    for (file, text) in sources {
        let line = text.lines().find(|line| {
            let line = line.trim_start();
            !line.starts_with("//")
                && !line.starts_with('#')
                && UPLOADS.iter().any(|word| line.contains(word))
        });
        if let Some(line) = line {
            kept.push(match folder_in(line) {
                Some(folder) => format!("files in {folder} ({file})"),
                None => format!("files that are sent to it ({file})"),
            });
            break;
        }
    }
    (!kept.is_empty()).then(|| {
        Diagnostic::new(
            "keeps-files",
            Severity::Info,
            format!(
                "the app seems to keep {}: give it a volume, or they are gone with the next release",
                kept.join(" and ")
            ),
        )
        .with_setting("volumes")
    })
}

fn literals(line: &str) -> impl Iterator<Item = &str> {
    line.split(['"', '\'', '`']).skip(1).step_by(2)
}

fn is_path(text: &str) -> bool {
    (2..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"./_-".contains(&b))
}

fn database_in(line: &str) -> Option<&str> {
    if line.len() > 400 {
        return None;
    }
    literals(line)
        .map(|text| text.rsplit_once(":///").map_or(text, |(_, path)| path))
        .find(|text| is_path(text) && [".db", ".sqlite", ".sqlite3"].iter().any(|end| text.ends_with(end)))
}

fn folder_in(line: &str) -> Option<&str> {
    let at = UPLOADS.iter().find_map(|word| line.find(word).map(|at| at + word.len()))?;
    // A name in quotes may be the key itself: the folder comes after it.
    let rest = line[at..].trim_start_matches(['"', '\'', ']']);
    literals(rest).find(|text| is_path(text) && text.bytes().any(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_uploads_are_named() {
        assert_eq!(folder_in("const upload = multer({ dest: 'uploads/' })"), Some("uploads/"));
        assert_eq!(folder_in("app.config['UPLOAD_FOLDER'] = \"/data/in\""), Some("/data/in"));
        assert_eq!(folder_in("MEDIA_ROOT = BASE_DIR / \"media\""), Some("media"));
        assert_eq!(database_in("engine = create_engine(\"sqlite:///./notes.db\")"), Some("./notes.db"));
    }
}
