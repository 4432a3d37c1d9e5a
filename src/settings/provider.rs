//! The table of providers: the host of each, its variables, and the page where keys are made.
//!
//! Everything that has to know a provider reads this table: the choice of the base URL
//! and the key, the environment of tools, and the environment of `airx mock -- COMMAND`.

use url::Url;

use crate::config::variable;
use crate::error::Failure;
use crate::models::PriceList;

/// A provider with its own key variable. api.md §1 and §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// open.bigmodel.cn
    BigModel,
    /// api.z.ai
    Zai,
}

/// The variable whose key is sent to any server.
pub const GENERAL_KEY_VARIABLE: &str = "AIRX_API_KEY";

struct Row {
    name: &'static str,
    host: &'static str,
    base_url: &'static str,
    key_variable: &'static str,
    base_variable: &'static str,
    key_page: &'static str,
}

/// In the order of the variants of [`Provider`].
const TABLE: [Row; 2] = [
    Row {
        name: "BigModel",
        host: "open.bigmodel.cn",
        base_url: "https://open.bigmodel.cn/api/paas/v4",
        key_variable: "ZHIPUAI_API_KEY",
        base_variable: "ZHIPUAI_BASE_URL",
        key_page: "https://open.bigmodel.cn/usercenter/apikeys",
    },
    Row {
        name: "Z.ai",
        host: "api.z.ai",
        base_url: "https://api.z.ai/api/paas/v4",
        key_variable: "ZAI_API_KEY",
        base_variable: "ZAI_BASE_URL",
        key_page: "https://z.ai/manage-apikey/apikey-list",
    },
];

impl Provider {
    /// Every provider. The first one is the default.
    pub const ALL: [Self; 2] = [Self::BigModel, Self::Zai];

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The name for messages.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The host that the provider's key may be sent to.
    pub fn host(self) -> &'static str {
        self.row().host
    }

    /// The base URL.
    pub fn base_url(self) -> &'static str {
        self.row().base_url
    }

    /// The variable that contains the provider's key.
    pub fn key_variable(self) -> &'static str {
        self.row().key_variable
    }

    /// The variable that replaces the base URL for the provider's key.
    pub fn base_variable(self) -> &'static str {
        self.row().base_variable
    }

    /// The prefix of the names of the provider's variables, also those of other programs.
    pub fn variable_prefix(self) -> &'static str {
        let name = self.key_variable();
        name.strip_suffix("API_KEY").unwrap_or(name)
    }

    /// The page where an account's keys are made.
    pub fn key_page(self) -> &'static str {
        self.row().key_page
    }

    /// The price list of a server of this provider; for other servers it is BigModel's.
    pub fn price_list(provider: Option<Self>) -> PriceList {
        match provider {
            Some(Self::Zai) => PriceList::Zai,
            Some(Self::BigModel) | None => PriceList::BigModel,
        }
    }

    /// The provider that `url` is a server of.
    ///
    /// # Errors
    /// A base variable is not UTF-8: exit 2.
    pub fn of(url: &Url) -> Result<Option<Self>, Failure> {
        for provider in Self::ALL {
            if provider.owns(url)? {
                return Ok(Some(provider));
            }
        }
        Ok(None)
    }

    /// Whether `url` is the provider's own server, or the one that its base variable names.
    ///
    /// # Errors
    /// The variable is not UTF-8: exit 2.
    pub fn owns(self, url: &Url) -> Result<bool, Failure> {
        if url.host_str() == Some(self.host()) {
            return Ok(true);
        }
        let moved = variable(self.base_variable())?;
        let moved = moved.and_then(|base| Url::parse(&base).ok());
        Ok(moved.is_some_and(|base| base.origin() == url.origin()))
    }
}

/// Every variable that may contain a key.
pub fn key_variables() -> impl Iterator<Item = &'static str> {
    let own = Provider::ALL.into_iter().map(Provider::key_variable);
    [GENERAL_KEY_VARIABLE].into_iter().chain(own)
}
