//! The files that the server holds, in memory and within bounds; and what gives
//! files and batches their ids and times, by the seed and not by the clock.

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::mock::dice::Dice;
use crate::mock::wire::DAY;

/// Files that can be uploaded. api.md §8.
const FILES: usize = 1000;
/// Bytes of all files, and of what batches will put into files.
pub(super) const BYTES: usize = 256 * 1024 * 1024;
/// Milliseconds between one event and the next.
const STEP: u64 = 60_013;

/// All files.
#[derive(Debug)]
pub(super) struct Store {
    files: Vec<File>,
    /// Bytes that are taken or promised.
    used: usize,
    /// Milliseconds since 1970.
    now: u64,
    dice: Dice,
}

/// A file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) id: String,
    /// In seconds since 1970, as its id has it.
    created_at: u64,
    filename: String,
    purpose: &'static str,
    pub(super) content: Bytes,
}

impl File {
    /// As the API tells of it.
    pub(super) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "file",
            "bytes": self.content.len(),
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
        })
    }
}

impl Store {
    /// An empty one.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0, 0);
        let now = (DAY + dice.number() % 86_400) * 1000;
        Self {
            files: Vec::new(),
            used: 0,
            now,
            dice,
        }
    }

    /// The time of one more event, in milliseconds since 1970.
    pub(super) fn tick(&mut self) -> u64 {
        self.now += STEP;
        self.now
    }

    /// The id of a batch, or of a line of its output.
    pub(super) fn batch_id(&mut self) -> String {
        let nineteen_digits =
            1_000_000_000_000_000_000 + self.dice.number() % 8_000_000_000_000_000_000;
        format!("batch_{nineteen_digits}")
    }

    /// For what else is left to chance.
    pub(super) fn dice(&mut self) -> Dice {
        Dice::new(self.dice.number(), 0, 0)
    }

    /// Promises room for `bytes` more; false where there is none.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        let fits = bytes <= BYTES - self.used;
        if fits {
            self.used += bytes;
        }
        fits
    }

    /// Takes a promise back.
    pub(super) fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Whether one more file can be uploaded.
    pub(super) fn has_place(&self) -> bool {
        self.files.len() < FILES
    }

    /// Keeps a file for which room was reserved.
    pub(super) fn keep(
        &mut self,
        filename: String,
        purpose: &'static str,
        content: Bytes,
    ) -> &File {
        let created_at = self.tick() / 1000;
        let (first, second) = (self.dice.number(), self.dice.number());
        self.files.push(File {
            id: format!("{created_at}_{first:016x}{second:016x}"),
            created_at,
            filename,
            purpose,
            content,
        });
        &self.files[self.files.len() - 1]
    }

    /// All files, the oldest first.
    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    /// The file of this id.
    pub(super) fn file(&self, id: &str) -> Option<&File> {
        self.files.iter().find(|file| file.id == id)
    }

    /// Forgets a file; false where there is none.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Some(place) = self.files.iter().position(|file| file.id == id) else {
            return false;
        };
        let file = self.files.remove(place);
        self.release(file.content.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_again_once_a_file_is_gone() {
        let mut store = Store::new(0);
        assert!(store.reserve(5));
        let id = store
            .keep("a".into(), "batch", Bytes::from_static(b"12345"))
            .id
            .clone();
        assert!(!store.reserve(BYTES - 4));
        assert!(store.remove(&id));
        assert!(!store.remove(&id));
        assert!(store.reserve(BYTES));
        assert!(!store.reserve(1));
    }

    #[test]
    fn so_many_files_and_no_more_have_a_place() {
        let mut store = Store::new(0);
        for _ in 0..FILES {
            assert!(store.has_place());
            store.keep(String::new(), "batch", Bytes::new());
        }
        assert!(!store.has_place());
    }

    #[test]
    fn ids_have_the_samples_shapes_and_are_the_same_for_the_same_seed() {
        let ids = |seed| {
            let mut store = Store::new(seed);
            let file = store.keep(String::new(), "batch", Bytes::new()).id.clone();
            (file, store.batch_id())
        };
        let (file, batch) = ids(0);
        assert_eq!(
            file.len(),
            "1716468180_59c7ca593a0b4384bfda9d85cc640000".len()
        );
        assert_eq!(batch.len(), "batch_1793623747600001234".len());
        assert_eq!(ids(0), (file.clone(), batch));
        assert_ne!(ids(1).0, file);
    }
}
