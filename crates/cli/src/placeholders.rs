//! The key of the placeholders that stand for secrets in what hooks leave behind.
//!
//! A laptop does not know its tenant's key, which only the server has. So the key is made from the API key that the laptop sends
//! with: equal secrets of one laptop have equal placeholders, those of different laptops have not, and the server cannot tell
//! what they stood for. It keeps them as they come.
//!
//! Where there is no API key, `~/.modlake/placeholder.key` (mode 0600) holds a random text in its place, made when first needed.

use std::fs;
use std::io;
use std::path::Path;

use record::secret::Secret;
use redact::HashKey;
use uuid::Uuid;

use crate::config::Environment;
use crate::private;

/// What the key is made for; another purpose would give another key.
const PURPOSE: &str = "modlake hook, placeholders, 1";
const FILE: &str = "placeholder.key";

/// The key, from the API key where there is one.
pub(crate) fn key(api_key: Option<&Secret>, environment: &Environment) -> HashKey {
    let text = match (api_key, &environment.home) {
        (Some(key), _) => key.reveal().to_owned(),
        (None, Some(home)) => stored(&home.join(".modlake")).unwrap_or_else(|_| random()),
        (None, None) => random(),
    };
    HashKey::derive(text.as_bytes(), PURPOSE)
}

/// The text of the file; whoever comes first writes it.
fn stored(folder: &Path) -> io::Result<String> {
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    private::create_folder(folder)?;
    match private::temporary(folder, &random())?.persist_noclobber(&path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    fs::read_to_string(&path)
}

/// Four times 74 random bits (RFC 9562, version 7).
fn random() -> String {
    (0..4).map(|_| Uuid::now_v7().simple().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(home: &Path) -> Environment {
        Environment { home: Some(home.to_owned()), ..Environment::default() }
    }

    #[test]
    fn a_laptop_keeps_its_key_and_shares_it_with_no_other() {
        let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let first = key(None, &environment(one.path()));
        assert!(first == key(None, &environment(one.path())));
        assert!(first != key(None, &environment(two.path())));
        assert!(!private::is_open(&one.path().join(".modlake").join(FILE)));
        let api_key = Secret::new("ml_0123456789");
        let from_key = key(Some(&api_key), &environment(one.path()));
        assert!(from_key == key(Some(&api_key), &environment(two.path())) && from_key != first);
        assert!(from_key != HashKey::derive(b"ml_0123456789", "placeholders"), "a purpose of its own");
    }
}
