//! The key: which one is used, and to whom it may go.

use std::io::Read;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::endpoint::{Endpoint, Provider, UserInfo};
use super::variable;
use crate::error::Failure;
use crate::exit::Class;
use crate::input;
use crate::secret::{Scrubber, Secret};

/// Every key that the user gave.
#[derive(Debug)]
pub(super) struct Keys {
    /// `--key-file`, else `AIRX_API_KEY`: for any host.
    general: Given,
    /// The providers' own, in the order of [`Provider::ALL`].
    own: [Given; 2],
}

/// A key, where there is one; one that no header can carry is a failure only
/// for the run that needs it.
type Given = Option<Result<Secret, Failure>>;

/// Longest key file that is read; a longer one is no key.
const FILE_MAX: u64 = 64 * 1024;

impl Keys {
    /// Reads the key file, if any, and the environment; hides whatever is there.
    pub(super) fn from_environment(
        file: Option<&Path>,
        scrubber: &mut Scrubber,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Failure> {
        let mut from = |name: &str| -> Result<Given, Failure> {
            let key = variable(name)?;
            Ok(key.map(|key| checked(name, &key, scrubber)))
        };
        let shared = from("AIRX_API_KEY")?;
        let own = [
            from(Provider::BigModel.key_variable())?,
            from(Provider::Zai.key_variable())?,
        ];
        let general = match file {
            Some(path) => Some(of_file(path, scrubber, warnings)),
            None => shared,
        };
        Ok(Self { general, own })
    }

    /// The family that the key in use belongs to; none for a general key.
    pub(super) fn family(&self) -> Option<Provider> {
        if self.general.is_some() {
            return None;
        }
        Provider::ALL
            .into_iter()
            .zip(&self.own)
            .find_map(|(provider, key)| key.is_some().then_some(provider))
    }

    /// The `Authorization` header for `endpoint`. A provider's key goes only to
    /// that provider; other hosts need no key.
    ///
    /// # Errors
    /// The endpoint needs a key and there is none.
    pub(super) fn authorization(
        &self,
        endpoint: &Endpoint,
        user_info: UserInfo,
    ) -> Result<Option<Secret>, Failure> {
        let own = endpoint
            .provider
            .and_then(|provider| self.own[provider as usize].as_ref());
        if let Some(key) = self.general.as_ref().or(own) {
            let key = key.as_ref().map_err(Failure::clone)?;
            return Ok(Some(Secret::new(format!("Bearer {}", key.reveal()))));
        }
        if let Some((user, password)) = user_info {
            let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
            return Ok(Some(Secret::new(format!("Basic {credentials}"))));
        }
        let Some(provider) = endpoint.provider else {
            return Ok(None);
        };
        let host = endpoint.url.host_str().unwrap_or_default();
        let hint = format!(
            "set AIRX_API_KEY or {}, or give --key-file; try without a key: airx mock -- airx chat hello",
            provider.key_variable()
        );
        Err(Failure::new(Class::Account, format!("no key for {host}")).hint(hint))
    }
}

/// A key that a header can carry.
fn checked(name: &str, key: &str, scrubber: &mut Scrubber) -> Result<Secret, Failure> {
    let key = key.trim();
    scrubber.hide_key(key);
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::new(
            Class::Account,
            format!("{name} holds a space, a line break or another character that no key has"),
        )
        .hint("one key, on one line, nothing else"));
    }
    Ok(Secret::new(key.to_owned()))
}

fn of_file(
    path: &Path,
    scrubber: &mut Scrubber,
    warnings: &mut Vec<String>,
) -> Result<Secret, Failure> {
    let name = format!("--key-file {}", path.display());
    let unusable = |why: String| Failure::new(Class::Account, format!("{name}: {why}"));
    let file = input::open(path).map_err(|error| unusable(error.to_string()))?;
    let metadata = file
        .metadata()
        .map_err(|error| unusable(error.to_string()))?;
    #[cfg(unix)]
    if metadata.is_file() {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(unusable("others can write it".into()).hint("chmod 600 it"));
        }
        if mode & 0o044 != 0 {
            warnings.push(format!("{name}: others can read it: chmod 600 it"));
        }
    }
    #[cfg(not(unix))]
    let _ = (metadata, warnings);
    let mut key = String::new();
    file.take(FILE_MAX + 1)
        .read_to_string(&mut key)
        .map_err(|error| unusable(error.to_string()))?;
    if key.len() as u64 > FILE_MAX {
        return Err(unusable("it is too long to be a key".into()));
    }
    checked(&name, &key, scrubber)
}
