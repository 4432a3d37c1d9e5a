//! `--each`: the common options, and the request of each item.

use super::PreparedRequest;
use super::body::{fresh_id, with_text};
use super::limits::{fits_context, limit_currency};
use crate::api::request::Request;
use crate::cli::{Common, EachArgs, Format, PoolArgs, Render, Tier};
use crate::error::Failure;
use crate::exit::Class;
use crate::models::{self, PriceList};
use crate::prompt::{Item, Template};
use crate::settings::Provider;

/// Concurrent requests to a model without a documented limit.
const CAREFUL: u16 = 2;

/// Makes the request of each item.
#[derive(Debug)]
pub struct ItemRequests {
    /// Makes the text of the last turn from an item.
    pub template: Template,
    /// Maximum number of requests in flight.
    pub concurrency: u16,
    /// `--max-cost`.
    pub budget: Option<CostLimit>,
    /// `--request-id`; the number of each item is appended.
    id: Option<String>,
    /// Whether results contain the item.
    pub shows_items: bool,
    /// The provider of the server. Requests to a provider get generated ids.
    provider: Option<Provider>,
}

/// `--max-cost`.
#[derive(Debug, Clone)]
pub struct CostLimit {
    /// In units of 10^-12 of the currency.
    pub units: u128,
    /// The amount as the user wrote it, with the currency.
    pub shown: String,
    /// The currency of the models' prices.
    currency: &'static str,
    /// Maximum number of requests per item.
    requests: u32,
    /// The price list of the server.
    list: PriceList,
}

/// The highest possible cost of an item's requests, in units of 10^-12 of the currency.
#[derive(Debug, Clone, Copy, Default)]
pub struct CostBounds {
    /// The first request, and each repetition.
    pub first: u128,
    /// A request that continues the conversation.
    pub later: u128,
    /// All requests of the item.
    pub all: u128,
}

/// Refuses options that do not apply to many items. `own` lists the command's own such options, and
/// whether each was given.
///
/// # Errors
/// Such an option was given: exit 2.
pub fn fits_each(common: &Common, own: &[(bool, &'static str)]) -> Result<(), Failure> {
    let output = &common.output;
    if let Some(path) = &output.output
        && path.to_string_lossy().contains("{}")
    {
        return Err(Failure::usage(format!(
            "-o {}: all results go to one file, and {{}} is not replaced there",
            path.display()
        ))
        .hint("name one file, and split it afterwards: jq -r .content FILE"));
    }
    let shared = [
        (output.format == Some(Format::Text), "--format text"),
        (output.format == Some(Format::Json), "--format json"),
        (output.extract.is_some(), "--extract"),
        (output.render == Some(Render::Always), "--render always"),
        (output.reasoning, "--reasoning"),
    ];
    let mut options = shared.iter().chain(own);
    let Some((_, flag)) = options.find(|(given, _)| *given) else {
        return Ok(());
    };
    let why = match *flag {
        "--format text" => "leave it out; to print only the texts: airx … | jq -r .content",
        "--format json" | "--render always" => "leave it out: each item becomes one line of JSON",
        "--extract" => "the `content` of each line is the item's complete text",
        "--reasoning" => "the reasoning of several items would be mixed; leave it out",
        "--stream" => "an item's line is printed when its answer is complete; leave it out",
        "--run" => {
            return Err(Failure::usage("--run with --each needs --yes")
                .hint("airx cannot ask about the calls of several items at the same time"));
        }
        _ => "the `value` of each line is the item's complete value: jq -c .value",
    };
    Err(Failure::usage(format!("{flag} is for one answer, not for --each")).hint(why))
}

impl ItemRequests {
    /// Reads the options for requests like `request`. An item may take up to `requests` requests.
    ///
    /// # Errors
    /// `--max-cost` cannot be kept: exit 2.
    pub fn new(
        each: &EachArgs,
        pool: &PoolArgs,
        template: Template,
        request: &mut PreparedRequest,
        provider: Option<Provider>,
        requests: u32,
    ) -> Result<Self, Failure> {
        let budget = pool.max_cost.as_deref();
        let budget = budget.map(|amount| CostLimit::new(amount, request, provider, requests));
        let request = &mut request.request;
        Ok(Self {
            template,
            concurrency: concurrency(pool, &request.model),
            budget: budget.transpose()?,
            id: request.request_id.take(),
            shows_items: !each.no_item,
            provider,
        })
    }

    /// The request of an item: the common request with the item's text.
    ///
    /// # Errors
    /// Exit 2: the line is not a valid item, or the item has no text.
    pub fn request(&self, common: &Request, item: &Item) -> Result<Request, Failure> {
        let request = with_text(common, self.template.fill(item)?);
        fits_context(&request, self.provider, &[], false)?;
        Ok(request)
    }

    /// The request of the first item, for `--dry-run`.
    ///
    /// # Errors
    /// The item cannot be used: exit 2.
    pub fn first(&self, common: &Request, item: &Item) -> Result<Request, Failure> {
        let mut request = self.request(common, item)?;
        request.request_id = self.own_id(0);
        Ok(request)
    }

    /// The id of an item's request if the user gives an id: `--request-id` with the item's number.
    pub fn own_id(&self, index: u64) -> Option<String> {
        Some(format!("{}-{index}", self.id.as_ref()?))
    }

    /// The id of an item's request: the user's, or a new one for a provider.
    pub fn id(&self, index: u64) -> Option<String> {
        self.own_id(index)
            .or_else(|| self.provider.map(|_| fresh_id()))
    }
}

/// The number of requests in flight at once: the option's, or the model's at the tier.
pub fn concurrency(args: &PoolArgs, model: &str) -> u16 {
    let tier = args.tier.unwrap_or(Tier::V0) as usize;
    let known = models::find(model).and_then(|model| model.concurrency);
    let known = known.map(|tiers| tiers[tier]);
    args.concurrency.or(known).unwrap_or(CAREFUL)
}

impl CostLimit {
    /// Reads `--max-cost` for requests like `request`. An answer may take up to `requests`
    /// requests.
    ///
    /// # Errors
    /// It is not an amount, or the model's price is not known: exit 2.
    pub fn new(
        amount: &str,
        request: &PreparedRequest,
        provider: Option<Provider>,
        requests: u32,
    ) -> Result<Self, Failure> {
        let Some(units) = models::amount_of(amount) else {
            return Err(Failure::usage(format!(
                "--max-cost {amount}: write an amount like 2.50, with 12 decimal places at most"
            ))
            .about("max-cost")
            .hint("airx models shows the prices and their currency"));
        };
        let own = &request.request.model;
        let currency = limit_currency("max-cost", own, provider)?;
        for model in request.models() {
            let other = limit_currency("max-cost", model, provider)?;
            if other != currency {
                return Err(Failure::usage(format!(
                    "--max-cost: the price of {own} is in {currency}, that of {model} in {other}"
                ))
                .about("max-cost")
                .hint("name models with prices in one currency: airx models"));
            }
        }
        Ok(Self {
            units,
            shown: format!("{amount} {currency}"),
            currency,
            requests,
            list: Provider::price_list(provider),
        })
    }

    /// The highest possible cost of this request and of the item's later requests, with the most
    /// expensive model that may be asked.
    pub fn bounds(&self, prepared: &PreparedRequest, body: &[u8]) -> CostBounds {
        let bounds = prepared
            .models()
            .map(|model| models::request_bounds(&prepared.request, model, body, self.list));
        let (mut first, mut later) = (0, 0);
        for bounds in bounds {
            first = bounds.first.unwrap_or(u128::MAX).max(first);
            later = bounds.later.unwrap_or(u128::MAX).max(later);
        }
        let more = later.saturating_mul(u128::from(self.requests.saturating_sub(1)));
        CostBounds {
            first,
            later,
            all: first.saturating_add(more),
        }
    }

    /// The failure if the next item may cost more than what is left of the limit.
    pub fn used_up(&self, spent: u128, bound: u128) -> Failure {
        let (shown, spent) = (&self.shown, models::shown(spent));
        let (what, hint) = if bound == u128::MAX {
            (
                "what this item may cost has no known bound".to_owned(),
                "give --max-tokens, or the model's context and max-output in the configuration \
                 file: airx help config",
            )
        } else if bound > self.units {
            let (bound, currency) = (models::shown(bound), self.currency);
            (
                format!("this item alone may cost {bound} {currency}"),
                "lower --max-tokens, or raise --max-cost",
            )
        } else {
            (
                format!("the next item could exceed it; {spent} is spent"),
                "raise --max-cost or lower --max-tokens; -o FILE --resume continues from here",
            )
        };
        Failure::new(Class::Partial, format!("--max-cost {shown}: {what}")).hint(hint)
    }
}
