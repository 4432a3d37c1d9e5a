//! Where what is wrong with an answer can be seen → the words of a hint.

use crate::event::View;

/// The place of a rejected answer.
pub(super) fn rejected(view: View) -> &'static str {
    match view {
        View::Text | View::Bodies => "above",
        View::Events => "in `content` of the last `invalid` event",
        View::Item => "in `partial`",
    }
}

/// The place of all that is wrong with it.
pub(super) fn violations(view: View) -> &'static str {
    match view {
        View::Text | View::Bodies => "above",
        View::Events => "in `errors` of the last `invalid` event",
        View::Item => "in `errors`",
    }
}

/// Where the arguments of a call stand that are not JSON.
pub(super) fn arguments(view: View) -> &'static str {
    match view {
        View::Text | View::Events => "they stand in arguments_text",
        View::Bodies => "they stand in the body as the model wrote them",
        View::Item => "they stand in `partial`, as arguments_text",
    }
}

/// Where all stands that is wrong with the arguments of a call.
pub(super) fn misfit(view: View) -> &'static str {
    match view {
        View::Text => "all that is wrong stands in `invalid`",
        View::Bodies => "--format text tells all that is wrong, in `invalid`",
        View::Events => "all that is wrong stands in `errors` of the event `invalid`",
        View::Item => "all that is wrong stands in `errors`",
    }
}
