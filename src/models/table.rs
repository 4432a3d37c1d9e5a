//! The models that airx comes with, and their dated prices. api.md §9.

use super::{DEFAULT, Millionths, Model, Price};

const UNIT: Millionths = 1_000_000;
/// Day of the documents that most prices are from.
const LISTED: &str = "2025-07-23";

#[allow(clippy::unnecessary_wraps, reason = "the table's rows hold an option")]
const fn price(input: Millionths, output: Millionths, cached: Option<Millionths>) -> Option<Price> {
    Some(Price {
        input,
        cached,
        output,
        currency: "CNY",
        date: Some(LISTED),
    })
}

const fn flat(each: Millionths) -> Option<Price> {
    price(each, each, None)
}

const FREE: Option<Price> = flat(0);
const K: u32 = 1024;

const fn model(
    name: &'static str,
    context: u32,
    max_output: u32,
    price: Option<Price>,
    concurrency: Option<[u16; 4]>,
) -> Model {
    Model {
        name,
        context: Some(context),
        max_output: Some(max_output),
        vision: Some(false),
        thinking: Some(false),
        price,
        concurrency,
        documented: true,
    }
}

const fn vision(mut model: Model) -> Model {
    model.vision = Some(true);
    model
}

const fn thinking(mut model: Model) -> Model {
    model.thinking = Some(true);
    model
}

/// Every model that airx comes with, the default first. Prices that depend on the prompt's
/// length are left out: one number would be wrong for most requests.
pub const MODELS: &[Model] = &[
    model(
        DEFAULT,
        8 * K,
        4 * K,
        flat(10 * UNIT),
        Some([5, 30, 40, 50]),
    ),
    model(
        "glm-4-plus",
        128 * K,
        4 * K,
        price(5 * UNIT, 5 * UNIT, Some(UNIT * 5 / 2)),
        Some([50, 100, 300, 500]),
    ),
    model(
        "glm-4-air-250414",
        128 * K,
        16 * K,
        price(UNIT / 2, UNIT / 2, Some(UNIT / 4)),
        Some([30, 40, 50, 60]),
    ),
    model(
        "glm-4-long",
        1024 * K,
        4 * K,
        price(UNIT, UNIT, Some(UNIT / 2)),
        Some([10, 30, 40, 50]),
    ),
    model(
        "glm-4-flashx-250414",
        128 * K,
        16 * K,
        price(UNIT / 10, UNIT / 10, Some(UNIT / 20)),
        Some([50, 100, 300, 500]),
    ),
    model("glm-4-flash-250414", 128 * K, 16 * K, FREE, None),
    model(
        "glm-z1-air",
        128 * K,
        32 * K,
        flat(UNIT / 2),
        Some([30, 40, 50, 60]),
    ),
    model(
        "glm-z1-airx",
        32 * K,
        30 * K,
        flat(5 * UNIT),
        Some([30, 40, 50, 60]),
    ),
    model(
        "glm-z1-flashx",
        128 * K,
        32 * K,
        flat(UNIT / 10),
        Some([50, 100, 150, 200]),
    ),
    model("glm-z1-flash", 128 * K, 32 * K, FREE, None),
    vision(model(
        "glm-4v-plus-0111",
        16 * K,
        8 * K,
        flat(4 * UNIT),
        None,
    )),
    vision(model("glm-4v-flash", 16 * K, K, FREE, None)),
    vision(model(
        "glm-4.1v-thinking-flashx",
        64 * K,
        16 * K,
        flat(2 * UNIT),
        None,
    )),
    vision(model("glm-4.1v-thinking-flash", 64 * K, 16 * K, FREE, None)),
    model("charglm-4", 8 * K, 4 * K, flat(UNIT), None),
    model("emohaa", 8 * K, 4 * K, flat(15 * UNIT), None),
    model("codegeex-4", 128 * K, 32 * K, flat(UNIT / 10), None),
    thinking(model("glm-4.5", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-x", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-air", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-airx", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-flash", 128 * K, 96 * K, FREE, None)),
    thinking(model("glm-4.6", 200 * K, 128 * K, None, None)),
    thinking(vision(model("glm-4.6v", 128 * K, 32 * K, None, None))),
    thinking(model("glm-4.7", 200 * K, 128 * K, None, None)),
    thinking(model(
        "glm-4.7-flashx",
        200 * K,
        128 * K,
        price(UNIT / 2, 3 * UNIT, None),
        None,
    )),
    thinking(model("glm-4.7-flash", 200 * K, 128 * K, FREE, None)),
    thinking(model("glm-5", 200 * K, 128 * K, None, None)),
    thinking(model("glm-5.1", 200 * K, 128 * K, None, None)),
    thinking(model("glm-5-turbo", 200 * K, 128 * K, None, None)),
    thinking(model("glm-5.2", 1024 * K, 128 * K, None, None)),
    thinking(model("glm-5.3", 1024 * K, 128 * K, None, None)),
];
