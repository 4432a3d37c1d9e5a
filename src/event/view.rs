//! How a reader of a run sees what came of it, for hints that say where to look.

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Text: what is no answer stands on standard error, above what is told of it.
    Text,
    /// The server's bodies; a body that is withheld stands on standard error.
    Bodies,
    /// Events; standard error has none of the model's words.
    Events,
    /// The one object of an item.
    Item,
}
