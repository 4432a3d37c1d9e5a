//! A path in, the endpoint it means out, wherever the base is. api.md §1.

use crate::cli::Place;

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// `/chat/completions`
    Chat,
    /// `/files`
    Files,
    /// `/files/{id}`
    File(&'a str),
    /// `/files/{id}/content`
    Content(&'a str),
    /// `/batches`
    Batches,
    /// `/batches/{id}`
    Batch(&'a str),
    /// `/batches/{id}/cancel`
    Cancel(&'a str),
    /// `/models`
    Models,
    /// `/models/{name}`
    Model(&'a str),
}

impl<'a> Route<'a> {
    /// The endpoint of a path, if it is one.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let mut parts = path.rsplit('/');
        let mut part = || parts.next().unwrap_or_default();
        Some(match [part(), part(), part()] {
            ["completions", "chat", _] => Self::Chat,
            ["files", ..] => Self::Files,
            ["batches", ..] => Self::Batches,
            ["models", ..] => Self::Models,
            ["content", id, "files"] => Self::Content(id),
            ["cancel", id, "batches"] => Self::Cancel(id),
            [id, "files", _] => Self::File(id),
            [id, "batches", _] => Self::Batch(id),
            [name, "models", _] => Self::Model(name),
            _ => return None,
        })
    }

    /// The methods it takes, as an `Allow` header has them.
    pub(super) fn methods(self) -> &'static str {
        match self {
            Self::Chat | Self::Cancel(_) => "POST",
            Self::Files | Self::Batches => "GET, POST",
            Self::File(_) => "DELETE, GET",
            Self::Content(_) | Self::Batch(_) | Self::Models | Self::Model(_) => "GET",
        }
    }

    /// Whose faults concern a request that comes here; none for `/models`.
    pub(super) fn place(self) -> Option<Place> {
        match self {
            Self::Chat => Some(Place::Answers),
            Self::Files | Self::File(_) | Self::Content(_) => Some(Place::Files),
            Self::Batches | Self::Batch(_) | Self::Cancel(_) => Some(Place::Batches),
            Self::Models | Self::Model(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_known_below_any_base() {
        for (path, route) in [
            ("/chat/completions", Some(Route::Chat)),
            ("/api/paas/v4/chat/completions", Some(Route::Chat)),
            ("/files", Some(Route::Files)),
            ("/v1/files/f1", Some(Route::File("f1"))),
            ("/v1/files/f1/content", Some(Route::Content("f1"))),
            ("/v4/batches", Some(Route::Batches)),
            ("/v4/batches/b", Some(Route::Batch("b"))),
            ("/v4/batches/b/cancel", Some(Route::Cancel("b"))),
            ("/v4/models", Some(Route::Models)),
            ("/v1/models/m", Some(Route::Model("m"))),
            ("/v4/embeddings", None),
            ("/completions", None),
            ("/", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
