//! `--dry-run=curl`: the request as a command for bash.

use crate::api::request::Request;
use crate::secret::Secret;
use crate::settings::{Connection, Proxy};

/// The line that ends the body. The body is one line of JSON, so it cannot contain this line.
const MARK: &str = "AIRX_BODY";

/// Returns the command, with a newline after each line.
pub(super) fn command(request: &Request, connection: &Connection) -> String {
    // -q must come first; it ignores ~/.curlrc.
    let mut words = vec!["curl -q -sS --fail-with-body".to_owned()];
    if request.stream {
        words.push("-N".to_owned());
    }
    if let Some(limit) = connection.timeouts.connect {
        words.push(format!("--connect-timeout {}", limit.as_secs_f64()));
    }
    if let Some(limit) = connection.timeouts.total {
        words.push(format!("--max-time {}", limit.as_secs_f64()));
    }
    // curl reads the other variables itself.
    let own = |proxy: &&Proxy| ["--proxy", "HTTP_PROXY"].contains(&proxy.origin);
    if let Some(proxy) = connection.proxy.as_ref().filter(own) {
        words.push(format!("--proxy {}", quoted(proxy.url().reveal())));
    }
    if connection.endpoint.loopback {
        words.push("--noproxy '*'".to_owned());
    }
    if let Some(cacert) = &connection.cacert {
        words.push(format!("--cacert {}", quoted(&cacert.to_string_lossy())));
    }
    let authorization = connection.authorization().map(Secret::reveal);
    if authorization.is_some_and(|value| value.starts_with("Basic ")) {
        // The URL's user information; bash reports an error if it is unset.
        words.push("--user \"${AIRX_USER:?is to be user:password of the URL}\"".to_owned());
    } else if authorization.is_some() || connection.endpoint.provider.is_some() {
        // Not -H: ps shows a header on the command line.
        words.push("--oauth2-bearer \"$AIRX_API_KEY\"".to_owned());
    }
    words.push("-H 'Content-Type: application/json'".to_owned());
    for (name, value) in &connection.headers {
        words.push(format!(
            "-H {}",
            quoted(&format!("{name}: {}", value.reveal()))
        ));
    }
    words.push("--data-binary @-".to_owned());
    words.push(quoted(connection.endpoint.url.as_str()));
    let body = String::from_utf8_lossy(&request.body()).into_owned();
    format!("{} <<'{MARK}'\n{body}\n{MARK}\n", words.join(" \\\n  "))
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
