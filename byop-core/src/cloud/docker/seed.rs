//! What a server is told at its first boot: the files that cloud-init reads (its source `NoCloud`), as an archive.

use std::io;

use serde_json::json;

use crate::error::{Error, ErrorKind, Result};
use crate::model::ServerSpec;

const FOLDER: &str = "var/lib/cloud/seed/nocloud";
/// The most bytes of user data. The engine takes more; other clouds do not.
pub(super) const MOST: usize = 64 * 1024;

/// The seed of a server whose user lets in these public keys.
pub(super) fn archive(spec: &ServerSpec, public_keys: &[String]) -> Result<Vec<u8>> {
    // JSON is YAML too.
    let meta = json!({
        "instance-id": format!("byop-{}", spec.key),
        "local-hostname": spec.name,
        "public-keys": public_keys,
    });
    let user_data = spec.user_data.as_ref().map_or("#cloud-config\n", |data| data.expose());
    pack(&[("meta-data", &meta.to_string()), ("user-data", user_data)]).map_err(|error| {
        Error::new(ErrorKind::Internal, "server.create", "the seed cannot be packed").with_source(error)
    })
}

/// Only root may read it: it may hold keys.
fn pack(files: &[(&str, &str)]) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(0o700);
    header.set_size(0);
    builder.append_data(&mut header, format!("{FOLDER}/"), io::empty())?;
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, format!("{FOLDER}/{name}"), text.as_bytes())?;
    }
    builder.into_inner()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::model::RegionId;

    #[test]
    fn the_seed_has_the_name_the_keys_and_the_user_data_for_root_only() {
        let spec = ServerSpec::new("k1", "web-1", RegionId("local".into()), "small", "debian-12")
            .with_user_data("#cloud-config\nx: 1\n".to_owned());
        let archive = archive(&spec, &["ssh-ed25519 AAAA ann".into()]).unwrap();
        let mut found = Vec::new();
        for entry in tar::Archive::new(&archive[..]).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((entry.path().unwrap().display().to_string(), entry.header().mode().unwrap(), text));
        }
        let [folder, meta, user] = &found[..] else { panic!("{found:?}") };
        assert_eq!((folder.0.as_str(), folder.1), ("var/lib/cloud/seed/nocloud/", 0o700));
        assert_eq!(meta.1, 0o600);
        assert!(
            meta.2.contains(r#""local-hostname":"web-1""#) && meta.2.contains(r#"["ssh-ed25519 AAAA ann"]"#)
        );
        assert_eq!((user.1, user.2.as_str()), (0o600, "#cloud-config\nx: 1\n"));
    }
}
