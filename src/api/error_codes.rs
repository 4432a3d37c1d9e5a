//! Error codes → class and hint. Numbers are the provider's business codes
//! (api.md §6.3) or HTTP statuses; words are those of OpenAI-like servers.

use crate::exit::Class;

/// The class of a business code, of an HTTP status sent as a code, or of a word used by
/// OpenAI-like servers. None for an undocumented code.
pub fn class_of_code(code: &str) -> Option<Class> {
    let Ok(number) = code.parse::<u16>() else {
        return class_of_word(code);
    };
    Some(match number {
        1120 | 1200 | 1230 | 1234 | 1302 | 1303 | 1305 | 1312 | 1701 => Class::Busy,
        1000..=1005 | 1100..=1121 | 1220 | 1304 | 1308..=1311 | 1313..=1321 => Class::Account,
        1210..=1222 | 1231 | 1261 | 1702 | 1703 => Class::Rejected,
        1300 | 1301 => Class::Blocked,
        status @ 300..=599 => class_of_status(status),
        _ => return None,
    })
}

/// The words of OpenAI-like servers, by class.
const WORDS: [(Class, &str); 4] = [
    (
        Class::Account,
        "invalid_api_key incorrect_api_key authentication_error invalid_authentication_error \
         permission_error account_deactivated billing_not_active billing_hard_limit_reached \
         insufficient_balance insufficient_quota insufficient_user_quota",
    ),
    (
        Class::Rejected,
        "model_not_found context_length_exceeded exceed_context_size_error",
    ),
    (
        Class::Busy,
        "rate_limit_exceeded rate_limit_error rate_limit_reached_error overloaded_error \
         engine_overloaded_error unavailable_error service_unavailable server_error \
         internal_error internal_server_error",
    ),
    (Class::Blocked, "content_filter content_policy_violation"),
];

/// The codes of a busy server that has not started the request.
const TURNED_AWAY: &str = "1302 1303 1305 1312 408 429 503 rate_limit_exceeded rate_limit_error \
    rate_limit_reached_error overloaded_error engine_overloaded_error unavailable_error \
    service_unavailable";

fn lists(words: &str, code: &str) -> bool {
    words.split(' ').any(|word| word == code)
}

fn class_of_word(code: &str) -> Option<Class> {
    let row = WORDS.iter().find(|(_, words)| lists(words, code));
    row.map(|(class, _)| *class)
}

/// The class of a word that is less precise than an HTTP error status. It is used only if
/// the status is one of success.
pub fn class_of_success(code: &str) -> Option<Class> {
    matches!(code, "invalid_request" | "invalid_request_error").then_some(Class::Rejected)
}

/// The class of an HTTP status. A failure with a status of success and no known code is an
/// unreadable answer.
pub fn class_of_status(status: u16) -> Class {
    match status {
        401..=403 | 434 => Class::Account,
        // This status comes from the proxy, not from the server.
        407 => Class::Network,
        408 | 429 | 500..=599 => Class::Busy,
        300..=499 => Class::Rejected,
        _ => Class::Incomplete,
    }
}

/// Whether a busy server has certainly not started the request: rate limits and overloads
/// are reported before the start. Other errors may happen during the work, with any HTTP
/// status.
pub fn is_turned_away(status: u16, code: Option<&str>) -> bool {
    match code.filter(|code| class_of_code(code).is_some()) {
        Some(code) => lists(TURNED_AWAY, code),
        None => matches!(status, 408 | 429 | 503),
    }
}

/// Whether a failure says that the prompt is longer than the model's context. Checks the code, and
/// the message of servers whose code is only an HTTP status.
pub fn is_too_long(code: &str, message: &str) -> bool {
    let codes = [
        "1261",
        "context_length_exceeded",
        "exceed_context_size_error",
    ];
    let words = ["context length", "context size", "context window"];
    let message = message.to_ascii_lowercase();
    codes.contains(&code) || words.iter().any(|words| message.contains(words))
}

/// Overload of the model itself: it lasts for minutes, so the first pause is long and the
/// tries are not counted. api.md §6.3.
pub fn is_overload(code: Option<&str>) -> bool {
    matches!(code, Some("1305" | "1312"))
}

/// Whether the server does not know the model, or has taken it offline. Ollama, llama.cpp and
/// vLLM have no code for it: a 404 whose message speaks of the model. LiteLLM answers 400.
/// api.md §6.3.
pub fn is_unserved(status: Option<u16>, code: Option<&str>, message: Option<&str>) -> bool {
    if matches!(code, Some("1211" | "1221" | "model_not_found")) {
        return true;
    }
    // Some servers repeat the status as the code.
    let means_other = code.is_some_and(|code| {
        class_of_code(code).is_some() && code.parse() != Ok(status.unwrap_or_default())
    });
    let message = message.unwrap_or_default().to_lowercase();
    let speaks_of_model = message.contains("model") || message.contains("模型");
    let missing = ["not found", "does not exist", "invalid model name"];
    let is_known = match status {
        Some(404) => true,
        Some(400) => missing.iter().any(|words| message.contains(words)),
        _ => false,
    };
    !means_other && speaks_of_model && is_known
}

/// The account's rate limit: fewer simultaneous requests would help. api.md §6.3.
pub fn is_rate_limit(class: Class, status: Option<u16>, code: Option<&str>) -> bool {
    matches!(code, Some("1302" | "1303" | "rate_limit_exceeded"))
        || (class == Class::Busy && status == Some(429) && !is_overload(code))
}

/// What to do about a failure, in English; the server's own message may be in English or
/// Chinese.
pub fn hint(class: Class, status: Option<u16>, code: Option<&str>) -> Option<&'static str> {
    let by_code = match code.unwrap_or_default() {
        "1000" | "1002" | "1004" | "401" | "invalid_api_key" | "incorrect_api_key" => {
            "the key was refused: check it, and whether it belongs to this host (airx config show names its source)"
        }
        "1001" => "no key reached the server: airx config show names the key that a run uses",
        "1003" => "the key has expired: make a new one",
        "1110" | "1111" | "1112" | "1121" => "the account is inactive, absent or locked",
        "1113" | "insufficient_quota" | "insufficient_balance" | "insufficient_user_quota" => {
            "the balance or the resource package is used up: top up, or choose a free model (airx models)"
        }
        "1211" | "1221" | "1222" | "model_not_found" => {
            "the model or the API is not offered here: see airx models, and choose with -m"
        }
        "1220" => "the account has no permission for this API",
        "1231" => "this request id was used before: give another --request-id",
        "1261" | "context_length_exceeded" | "exceed_context_size_error" => {
            "the prompt is longer than the model's context: shorten it, or choose a model with more (airx models)"
        }
        "1302" | "1303" | "rate_limit_exceeded" => {
            "the account's rate limit: send fewer requests at a time, or raise --retries"
        }
        "1304" | "1308" | "1310" | "1316" | "1317" | "1318" | "1319" | "1320" | "1321" => {
            "a quota is used up: wait until it resets, or use another plan"
        }
        "1305" | "1312" => {
            "the model is overloaded for everyone: try later, raise --timeout, or name another with --fallback"
        }
        "1309" | "1311" | "1314" | "1315" => "the plan has expired or does not include this model",
        "1313" => "the account is restricted for its pattern of use",
        "1300" | "1301" => "the content policy blocked the prompt or the answer: change the prompt",
        _ => "",
    };
    if !by_code.is_empty() {
        return Some(by_code);
    }
    match (class, status) {
        (Class::Account, _) => {
            Some("check the key (airx config show names its source), its plan and its balance")
        }
        (Class::Rejected, Some(300..=399)) => {
            Some("airx follows no redirects: set --base-url to that address")
        }
        (Class::Rejected, Some(404)) => Some(
            "check --base-url (the request goes to {base}/chat/completions), and whether the server has this model",
        ),
        (Class::Rejected, Some(413)) => {
            Some("the request is larger than the server or a proxy accepts")
        }
        (Class::Network, _) => {
            Some("check the proxy (--proxy, HTTPS_PROXY, ALL_PROXY) and its credentials")
        }
        (Class::Busy, _) => Some("try later, or raise --retries and --timeout"),
        (Class::Blocked, _) => {
            Some("the content policy blocked the prompt or the answer: change the prompt")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_not_served_has_a_code_or_words() {
        let not_found = "model 'llama' not found, try pulling it first";
        for (status, code, message) in [
            (400, Some("1211"), "模型不存在"),
            (400, Some("1221"), "API 已下线"),
            (200, Some("model_not_found"), ""),
            (404, None, not_found),
            (404, Some("404"), "The model `llama` does not exist."),
            (404, None, "模型不存在"),
            (400, Some("400"), "Invalid model name passed in model=llama"),
        ] {
            assert!(is_unserved(Some(status), code, Some(message)), "{message}");
        }
        for (status, code, message) in [
            (404, None, "Not Found"),
            (400, None, "the model needs a prompt"),
            (400, Some("1214"), "model not found"),
            (500, None, not_found),
            (401, None, not_found),
            (404, Some("1222"), "model"),
        ] {
            assert!(!is_unserved(Some(status), code, Some(message)), "{message}");
        }
    }

    #[test]
    fn only_a_limit_or_an_overload_is_turned_away_before_anything_is_done() {
        for (status, code) in [
            (200, Some("1302")),
            (400, Some("1305")),
            (500, Some("1312")),
            (200, Some("429")),
            (503, None),
            (429, Some("slow_down")),
            (200, Some("rate_limit_exceeded")),
        ] {
            assert!(is_turned_away(status, code), "{status} {code:?}");
        }
        for (status, code) in [
            (200, Some("500")),
            (400, Some("1234")),
            (503, Some("1230")),
            (200, Some("1200")),
            (500, None),
            (504, Some("timeout")),
            (503, Some("server_error")),
        ] {
            assert!(!is_turned_away(status, code), "{status} {code:?}");
        }
    }
}
