//! Which server a base URL means, and where its answers come from.

use super::*;

fn resolved(base: &str) -> Result<(Endpoint, UserInfo), Failure> {
    parse_base("--base-url", base, false, &mut Scrubber::default())
}

#[test]
fn the_path_is_extended_unless_it_ends_so_and_a_query_is_kept() {
    for (base, url) in [
        ("https://h/v1", "https://h/v1/chat/completions"),
        ("https://h/v1/", "https://h/v1/chat/completions"),
        ("https://h", "https://h/chat/completions"),
        ("https://h/chat/completions/", "https://h/chat/completions"),
        ("https://h/v1?a=b#c", "https://h/v1/chat/completions?a=b"),
    ] {
        assert_eq!(resolved(base).unwrap().0.url.as_str(), url);
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for base in [
        "http://127.0.0.1:1",
        "http://localhost",
        "http://[::1]:8080/v1",
        "http://127.9.9.9",
    ] {
        assert!(resolved(base).unwrap().0.loopback, "{base}");
    }
    for base in [
        "http://example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
    ] {
        assert!(resolved(base).is_err(), "{base}");
    }
}

#[test]
fn user_info_is_taken_out_of_the_url() {
    let (endpoint, user_info) = resolved("https://user:word@h/v1").unwrap();
    assert_eq!(endpoint.url.as_str(), "https://h/v1/chat/completions");
    assert_eq!(user_info, Some(("user".into(), "word".into())));
    let (_, user_info) = resolved("https://us%65r:w%20o%2Frd@h/v1").unwrap();
    assert_eq!(user_info, Some(("user".into(), "w o/rd".into())));
}

#[test]
fn what_is_no_http_url_is_refused_without_being_shown() {
    for base in [
        "open.bigmodel.cn",
        "ftp://h",
        "",
        "/v1",
        "https://",
        "mailto:a@b",
    ] {
        let failure = resolved(base).unwrap_err();
        assert_eq!(failure.class, crate::exit::Class::Usage, "{base}");
    }
    let failure = resolved("https://user:pa ss@:x").unwrap_err();
    assert!(!failure.message.contains("pa ss"));
}

#[test]
fn a_provider_is_known_by_its_host() {
    assert_eq!(
        resolved("https://api.z.ai/x").unwrap().0.provider,
        Some(Provider::Zai)
    );
    assert_eq!(
        resolved("https://api.z.ai.evil.example/x")
            .unwrap()
            .0
            .provider,
        None
    );
}
