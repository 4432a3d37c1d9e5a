//! How proxies are parsed, and which hosts `NO_PROXY` names.

use super::*;

fn parsed(text: &str) -> Result<String, Failure> {
    let proxy = parse("--proxy", text, &mut Scrubber::default())?;
    Ok(proxy.url().reveal().to_owned())
}

#[test]
fn a_proxy_is_read_as_curl_reads_it() {
    for (text, url) in [
        ("host:3128", "http://host:3128"),
        ("http://host", "http://host:1080"),
        ("http://host:80", "http://host:80"),
        ("http://host:", "http://host:1080"),
        ("HTTP://HOST:1/path?query", "http://host:1"),
        ("http:/host:1", "http://host:1"),
        ("http:///host:1", "http://host:1"),
        ("https://host", "https://host:443"),
        ("socks5h://host", "socks5h://host:1080"),
        ("socks5://[::1]:9", "socks5://[::1]:9"),
        ("user@host:1", "http://user:@host:1"),
        ("user:pass@host:1", "http://user:pass@host:1"),
        ("http://us%65r:a%zz@host:1", "http://user:a%25zz@host:1"),
        ("http://u:a:b@host:1", "http://u:a%3Ab@host:1"),
        ("http://@host:1", "http://host:1"),
        (
            "socks5h://u:p@bücher.test:1",
            "socks5h://u:p@xn--bcher-kva.test:1",
        ),
        ("127.1:9", "http://127.0.0.1:9"),
    ] {
        assert_eq!(parsed(text).unwrap(), url, "{text}");
    }
}

#[test]
fn a_proxy_that_curl_would_not_take_is_refused() {
    for text in [
        "",
        "//host:1",
        "http:////host:1",
        "http://",
        "ftp://host:1",
        "http://host:port",
        "http://host:99999",
        "http://u:p@w@host:1",
        "http://u:p w@host:1",
        "http://u:p%0Aw@host:1",
        "http://u:p%ffw@host:1",
        "http://[::1",
        "http://[::1]x:1",
        "http://ho|st:1",
        "http://ho%41st:1",
        "http://u:p#w@host:1",
    ] {
        let failure = parsed(text).unwrap_err();
        assert_eq!(failure.class, crate::exit::Class::Usage, "{text}");
        assert!(!failure.message.contains("p w"), "{text}");
    }
}

#[test]
fn no_proxy_names_hosts_as_in_curl() {
    let named = |list: &str, host: &str| {
        let url = Url::parse(&format!("http://{host}/")).unwrap();
        names_host(list, &url.host().unwrap())
    };
    for (list, host) in [
        ("*", "example.com"),
        ("*", "192.0.2.7"),
        ("*", "[2001:db8::1]"),
        ("example.com", "example.com"),
        ("example.com", "www.example.com"),
        (".example.com", "example.com"),
        ("EXAMPLE.com.", "www.Example.com."),
        ("other.test example.com", "example.com"),
        ("other.test\texample.com", "example.com"),
        ("other.test, example.com", "example.com"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.7"),
        ("0.0.0.0/0", "192.0.2.7"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("2001:db8::/32", "[2001:db8::1]"),
    ] {
        assert!(named(list, host), "{list} {host}");
    }
    for (list, host) in [
        ("", "example.com"),
        (".", "example.com"),
        ("ample.com", "example.com"),
        ("www.example.com", "example.com"),
        ("192.0.2.7/x", "192.0.2.7"),
        ("192.0.2.8", "192.0.2.7"),
        ("192.0.3.0/24", "192.0.2.7"),
        ("2.7", "192.0.2.7"),
        ("::/0", "192.0.2.7"),
        ("2001:db9::/32", "[2001:db8::1]"),
    ] {
        assert!(!named(list, host), "{list} {host}");
    }
}
