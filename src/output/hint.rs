//! The hints whose words depend on the output format.

use std::borrow::Cow;

use crate::error::Look;

/// How the result of a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Text: a rejected answer is on standard error, above the message.
    Text,
    /// The server's bodies. A withheld body is on standard error.
    Bodies,
    /// Events. Standard error has no text of the model.
    Events,
    /// The result object of one item.
    Item,
}

/// Builds the hint of a failure: the place to look at, then the advice.
pub(super) fn hint(look: Option<Look>, hint: Option<&str>, view: View) -> Option<Cow<'_, str>> {
    match (look.map(|look| words(look, view)), hint) {
        (Some(look), Some(hint)) => Some(format!("{look}; {hint}").into()),
        (Some(look), None) => Some(look.into()),
        (None, hint) => hint.map(Cow::Borrowed),
    }
}

fn words(look: Look, view: View) -> &'static str {
    use View::{Bodies, Events, Item, Text};
    match (look, view) {
        (Look::Answer, Text | Bodies) => "the answer is above",
        (Look::Answer, Events) => "the answer is in `content` of the last `invalid` event",
        (Look::Answer, Item) => "the answer is in `partial`",
        (Look::Errors, Text | Bodies) => "all violations are above",
        (Look::Errors, Events) => "all violations are in `errors` of the last `invalid` event",
        (Look::AnswerAndErrors, Text | Bodies) => "the answer and all violations are above",
        (Look::AnswerAndErrors, Events) => {
            "the answer and all violations are in `content` and `errors` of the last `invalid` event"
        }
        (Look::AnswerAndErrors, Item) => "the answer is in `partial`, all violations in `errors`",
        (Look::Arguments, Text | Events) => "they are in arguments_text",
        (Look::Arguments, Bodies) => "they are in the body as the model wrote them",
        (Look::Arguments, Item) => "they are in `partial`, as arguments_text",
        (Look::ArgumentErrors, Text) => "all violations are in `invalid`",
        (Look::ArgumentErrors, Bodies) => "--format text shows all violations, in `invalid`",
        (Look::ArgumentErrors, Events) => "all violations are in `errors` of the `invalid` event",
        (Look::Errors | Look::ArgumentErrors, Item) => "all violations are in `errors`",
    }
}
