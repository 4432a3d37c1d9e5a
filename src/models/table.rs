//! The built-in models, their limits, and their dated prices. api.md §9.
//!
//! Sources, each price with the day of its list:
//! - BigModel, CNY: the model overview of docs.bigmodel.cn, copy of 2025-07-23. The prices of
//!   glm-4.5, glm-4.6 and glm-4.7 there depend on the length of the prompt. They are left
//!   out: one number would be wrong for most requests. The prices of glm-5 are not known.
//! - Z.ai, USD: the pricing page of docs.z.ai as `LiteLLM` and ccusage quote it, copies of
//!   2026-08-20. The two differ on glm-4.7-flash and glm-4.7-flashx, which are left out.

use super::{DEFAULT, Millionths, Model, Price};

/// Day of BigModel's prices.
const BIGMODEL_DAY: &str = "2025-07-23";
/// Day of Z.ai's prices.
const ZAI_DAY: &str = "2026-08-20";

const K: u32 = 1024;
const M: u32 = 1024 * K;

/// A text model without thinking, and its limits in tokens.
const fn model(name: &'static str, context: u32, max_output: u32) -> Model {
    Model {
        context: Some(context),
        max_output: Some(max_output),
        ..unknown_limits(name)
    }
}

/// A text model without thinking whose limits are not in the sources.
const fn unknown_limits(name: &'static str) -> Model {
    Model {
        vision: Some(false),
        thinking: Some(false),
        documented: true,
        ..Model::unknown(name)
    }
}

/// Prices are in hundredths of the currency's unit for a million tokens: prompt, answer and cached
/// prompt. Without a price for cached tokens, these cost the same as others.
impl Model {
    /// A model with nothing known but its name.
    pub(super) const fn unknown(name: &'static str) -> Self {
        Self {
            name,
            context: None,
            max_output: None,
            vision: None,
            thinking: None,
            price: None,
            zai_price: None,
            concurrency: None,
            documented: false,
        }
    }

    const fn cny(mut self, input: u64, output: u64, cached: Option<u64>) -> Self {
        self.price = Some(price("CNY", BIGMODEL_DAY, input, output, cached));
        self
    }

    const fn usd(mut self, input: u64, output: u64, cached: Option<u64>) -> Self {
        self.zai_price = Some(price("USD", ZAI_DAY, input, output, cached));
        self
    }

    /// Requests in flight at account tiers V0 to V3 of BigModel.
    const fn tiers(mut self, v0: u16, v1: u16, v2: u16, v3: u16) -> Self {
        self.concurrency = Some([v0, v1, v2, v3]);
        self
    }

    const fn images(mut self) -> Self {
        self.vision = Some(true);
        self
    }

    const fn thinks(mut self) -> Self {
        self.thinking = Some(true);
        self
    }
}

const fn price(
    currency: &'static str,
    day: &'static str,
    input: u64,
    output: u64,
    cached: Option<u64>,
) -> Price {
    const HUNDREDTH: Millionths = 10_000;
    Price {
        input: input * HUNDREDTH,
        cached: match cached {
            Some(cached) => Some(cached * HUNDREDTH),
            None => None,
        },
        output: output * HUNDREDTH,
        currency,
        date: Some(day),
    }
}

/// Every built-in model, the default first.
#[rustfmt::skip] // A row stays one line.
pub const MODELS: &[Model] = &[
    model(DEFAULT, 8 * K, 4 * K).cny(1000, 1000, None).tiers(5, 30, 40, 50),
    model("glm-4-plus", 128 * K, 4 * K).cny(500, 500, Some(250)).tiers(50, 100, 300, 500),
    model("glm-4-air-250414", 128 * K, 16 * K).cny(50, 50, Some(25)).tiers(30, 40, 50, 60),
    model("glm-4-long", M, 4 * K).cny(100, 100, Some(50)).tiers(10, 30, 40, 50),
    model("glm-4-flashx-250414", 128 * K, 16 * K).cny(10, 10, Some(5)).tiers(50, 100, 300, 500),
    model("glm-4-flash-250414", 128 * K, 16 * K).cny(0, 0, None),
    model("glm-z1-air", 128 * K, 32 * K).cny(50, 50, None).tiers(30, 40, 50, 60),
    model("glm-z1-airx", 32 * K, 30 * K).cny(500, 500, None).tiers(30, 40, 50, 60),
    model("glm-z1-flashx", 128 * K, 32 * K).cny(10, 10, None).tiers(50, 100, 150, 200),
    model("glm-z1-flash", 128 * K, 32 * K).cny(0, 0, None),
    model("glm-4v-plus-0111", 16 * K, 8 * K).images().cny(400, 400, None),
    model("glm-4v-flash", 16 * K, K).images().cny(0, 0, None),
    model("glm-4.1v-thinking-flashx", 64 * K, 16 * K).images().cny(200, 200, None),
    model("glm-4.1v-thinking-flash", 64 * K, 16 * K).images().cny(0, 0, None),
    model("charglm-4", 8 * K, 4 * K).cny(100, 100, None),
    model("emohaa", 8 * K, 4 * K).cny(1500, 1500, None),
    model("codegeex-4", 128 * K, 32 * K).cny(10, 10, None),
    model("glm-4.5", 128 * K, 96 * K).thinks().usd(60, 220, Some(11)),
    model("glm-4.5-x", 128 * K, 96 * K).thinks().usd(220, 890, Some(45)),
    model("glm-4.5-air", 128 * K, 96 * K).thinks().usd(20, 110, Some(3)),
    model("glm-4.5-airx", 128 * K, 96 * K).thinks().usd(110, 450, Some(22)),
    model("glm-4.5-flash", 128 * K, 96 * K).thinks().cny(0, 0, None).usd(0, 0, None),
    unknown_limits("glm-4.5v").images().thinks().usd(60, 180, Some(11)),
    unknown_limits("glm-4-32b-0414-128k").usd(10, 10, None),
    model("glm-4.6", 200 * K, 128 * K).thinks().usd(60, 220, Some(11)),
    model("glm-4.6v", 128 * K, 32 * K).images().thinks(),
    model("glm-4.7", 200 * K, 128 * K).thinks().usd(60, 220, Some(11)),
    model("glm-4.7-flashx", 200 * K, 128 * K).thinks().cny(50, 300, None),
    model("glm-4.7-flash", 200 * K, 128 * K).thinks().cny(0, 0, None),
    model("glm-5", 200 * K, 128 * K).thinks().usd(100, 320, Some(20)),
    model("glm-5-turbo", 200 * K, 128 * K).thinks().usd(120, 400, Some(24)),
    unknown_limits("glm-5v-turbo").images().thinks().usd(120, 400, None),
    model("glm-5.1", 200 * K, 128 * K).thinks().usd(140, 440, Some(26)),
    model("glm-5.2", M, 128 * K).thinks().usd(140, 440, Some(26)),
    model("glm-5.3", M, 128 * K).thinks().usd(140, 440, Some(26)),
];

/// The chat models that BigModel and Z.ai accept in batches, from their documentation.
/// api.md §8.
pub const BATCHED: &[&str] = &[
    "glm-4-air-250414",
    "glm-4-flashx-250414",
    "glm-4-plus",
    "glm-4-long",
    "glm-4v-plus-0111",
    "glm-4",
    "glm-4-0520",
    "glm-4-air",
    "glm-4-flash",
    "glm-4v",
    "glm-3-turbo",
];

/// Day of that document.
pub const BATCHED_ON: &str = "2025-07-23";

/// Whether the providers accept the model in batches, ignoring case.
pub fn is_batched(model: &str) -> bool {
    let mut known = BATCHED.iter();
    known.any(|known| known.eq_ignore_ascii_case(model))
}
