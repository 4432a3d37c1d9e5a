//! Proxies: from the flag or the environment, never for this machine. The
//! hosts asked for have no address: only a proxy can find them.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::harness::proxy::Proxy;
use crate::harness::tls::Authority;
use crate::harness::{Airx, Server, airx, folder, reply, stream_of};

const HOST: &str = "http://model.test/v1";

/// `airx chat hi` to [`HOST`].
fn chat(args: &[&str]) -> Airx {
    airx(["chat", "--allow-http", "--base-url", HOST, "hi"]).args(args)
}

#[test]
fn plain_http_goes_to_the_proxy_with_its_complete_url() {
    let server = Server::play((0..5).map(|_| reply("Hi")));
    let address = server.address();
    let proxy = format!("http://{address}");
    chat(&["--proxy", &proxy]).run().is(0, "Hi\n", "");
    chat(&["--proxy", &address]).run().is(0, "Hi\n", "");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        chat(&[]).env(name, &proxy).run().is(0, "Hi\n", "");
    }
    for asked in server.requests() {
        let line = asked.head.lines().next();
        assert_eq!(
            line,
            Some("POST http://model.test/v1/chat/completions HTTP/1.1")
        );
        assert_eq!(asked.header("host"), Some("model.test"));
    }
}

#[test]
fn allow_http_may_come_from_the_environment() {
    let server = Server::once(reply("Hi"));
    airx(["chat", "--base-url", HOST, "hi"])
        .env("AIRX_ALLOW_HTTP", "1")
        .env("ALL_PROXY", format!("http://{}", server.address()))
        .run()
        .is(0, "Hi\n", "");
}

#[test]
fn a_proxy_that_cannot_be_used_is_refused_and_not_gone_past() {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        for proxy in [
            "ftp://user:passw0rd@127.0.0.1:9",
            "http://user:passw0rd @127.0.0.1:9",
            "http://user:passw0rd@",
            "http://",
        ] {
            let run = chat(&[]).env(name, proxy).run();
            run.code_is(2);
            let started = format!("airx: usage: {name} is not a usable URL: ");
            assert!(run.stderr.starts_with(&started), "{}", run.stderr);
            assert!(!run.stderr.contains("passw0rd"), "{}", run.stderr);
        }
    }
    // A proxy that the request does not use is not checked.
    let server = Server::once(reply("Hi"));
    airx(["chat", "hi", "--base-url", &server.base()])
        .env("ALL_PROXY", "ftp://127.0.0.1:9")
        .run()
        .is(0, "Hi\n", "");
}

/// A user name and password with every ASCII character that is not a letter or digit.
fn passwords() -> impl Iterator<Item = (char, String)> {
    let special = (' '..='~').filter(|character| !character.is_ascii_alphanumeric());
    special.map(|character| (character, format!("pass{character}word")))
}

#[test]
fn a_proxy_variable_with_any_special_character_is_used_or_refused() {
    // Like curl: these characters end the user info or are not valid in a URL.
    let refused = [' ', '/', '?', '#', '@'];
    let used = passwords().count() - refused.len();
    let server = Server::play((0..used).map(|_| reply("Hi")));
    let mut expected = Vec::new();
    for (character, password) in passwords() {
        let proxy = format!("http://user:{password}@{}", server.address());
        let ran = chat(&[]).env("http_proxy", proxy).run();
        if refused.contains(&character) {
            ran.code_is(2);
            let begin = "airx: usage: http_proxy is not a usable URL: ";
            assert!(ran.stderr.starts_with(begin), "{}", ran.stderr);
            assert!(!ran.stderr.contains("word@"), "{}", ran.stderr);
        } else {
            ran.is(0, "Hi\n", "");
            let user_info = BASE64_STANDARD.encode(format!("user:{password}"));
            expected.push(format!("Basic {user_info}"));
        }
    }
    let sent = server.requests();
    let sent = sent
        .iter()
        .map(|asked| asked.header("proxy-authorization").unwrap());
    assert_eq!(sent.collect::<Vec<_>>(), expected);
}

#[test]
fn a_tunnel_gets_the_password_with_its_special_characters() {
    let proxy = Proxy::refusing("HTTP/1.1 403 Forbidden\r\n\r\n");
    for character in ['|', '^', '{', '[', '<', '"', '\'', '`', '\\', 'é'] {
        for (command, name) in [("chat", "HTTPS_PROXY"), ("stream", "all_proxy")] {
            let url = format!(
                "http://us{character}er:pass{character}word@{}",
                proxy.address()
            );
            airx([
                command,
                "--base-url",
                "https://model.test/v1",
                "hi",
                "--retries",
                "0",
            ])
            .env(name, url)
            .run()
            .code_is(6);
            let asked = proxy.requests().pop().unwrap();
            let user_info = format!("us{character}er:pass{character}word");
            let header = format!("Basic {}", BASE64_STANDARD.encode(user_info));
            assert!(asked.contains(&header), "{character}: {asked}");
        }
    }
}

#[test]
fn a_proxy_written_in_an_odd_way_is_used_as_in_curl_or_refused() {
    let server = Server::play((0..10).map(|_| reply("Hi")));
    let address = server.address();
    for proxy in [
        address.clone(),
        format!("http:/{address}"),
        format!("http:///{address}"),
        format!("HTTP://{address}/path"),
        format!(" http://{address}\r\n"),
    ] {
        chat(&[]).env("all_proxy", &proxy).run().is(0, "Hi\n", "");
        chat(&["--proxy", &proxy]).run().is(0, "Hi\n", "");
    }
    for proxy in [
        format!("//{address}"),
        format!("http:////{address}"),
        format!("http:{address}"),
        format!("http://user:pass@word@{address}"),
    ] {
        let ran = chat(&[]).env("all_proxy", &proxy).run();
        ran.code_is(2);
        assert!(
            ran.stderr
                .starts_with("airx: usage: all_proxy is not a usable URL: ")
        );
        chat(&["--proxy", &proxy]).run().code_is(2);
    }
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn the_lower_case_variable_counts_first_as_in_curl() {
    let server = Server::once(reply("Hi"));
    chat(&[])
        .env("http_proxy", server.address())
        .env("HTTP_PROXY", "127.0.0.1:9")
        .env("all_proxy", "127.0.0.1:9")
        .run()
        .is(0, "Hi\n", "");
}

#[test]
fn this_machine_is_never_asked_by_a_proxy() {
    let proxy = Proxy::refusing("HTTP/1.1 500 X\r\n\r\n");
    let address = format!("http://{}", proxy.address());
    for host in ["127.0.0.1", "localhost"] {
        for (command, play) in [("chat", reply("Hi")), ("stream", stream_of(["Hi"]))] {
            let server = Server::once(play);
            let base = format!("http://{host}:{}/v1", server.port());
            airx([command, "hi", "--base-url", &base, "--proxy", &address])
                .env("HTTP_PROXY", &address)
                .env("HTTPS_PROXY", &address)
                .env("ALL_PROXY", &address)
                .run()
                .is(0, "Hi\n", "");
        }
    }
    assert!(proxy.requests().is_empty());
}

#[test]
fn https_goes_through_a_tunnel_and_the_key_stays_inside() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let server = authority.server("model.test", [reply("Hi"), stream_of(["Hi"])]);
    let proxy = Proxy::tunnel(server.port());
    for (command, variable) in [("chat", "HTTPS_PROXY"), ("stream", "ALL_PROXY")] {
        airx([
            command,
            "--base-url",
            "https://model.test/v1",
            "hi",
            "--cacert",
        ])
        .args([&pem])
        .env(
            variable,
            format!("http://user:pass%40word@{}", proxy.address()),
        )
        .env("AIRX_API_KEY", "the-secret-key-1")
        .run()
        .is(0, "Hi\n", "");
    }
    for asked in proxy.requests() {
        assert!(
            asked.starts_with("CONNECT model.test:443 HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.to_lowercase().contains("proxy-authorization: basic "),
            "{asked}"
        );
        assert!(asked.contains("dXNlcjpwYXNzQHdvcmQ="), "{asked}");
        assert!(!asked.contains("secret"), "{asked}");
    }
    assert_eq!(
        server.requests()[0].header("authorization"),
        Some("Bearer the-secret-key-1")
    );
    assert_eq!(server.requests()[0].header("proxy-authorization"), None);
}

#[test]
fn a_certificate_is_checked_after_a_proxy_too() {
    let (folder, authority) = (folder(), Authority::new());
    let server = authority.server("other.test", []);
    let proxy = Proxy::tunnel(server.port());
    airx([
        "chat",
        "--base-url",
        "https://model.test/v1",
        "hi",
        "--cacert",
    ])
    .args([authority.pem(&folder)])
    .args(["--proxy", &proxy.address()])
    .run()
    .code_is(6);
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn socks5_resolves_here_and_socks5h_there() {
    for (command, play) in [("chat", reply("Hi")), ("stream", stream_of(["Hi"]))] {
        let server = Server::once(play);
        let proxy = Proxy::socks5(server.port());
        airx([command, "--allow-http", "--base-url", HOST, "hi"])
            .env("ALL_PROXY", format!("socks5h://{}", proxy.address()))
            .run()
            .is(0, "Hi\n", "");
        assert_eq!(proxy.requests(), ["name model.test"]);
        assert!(
            server.requests()[0]
                .head
                .starts_with("POST /v1/chat/completions HTTP/1.1")
        );
    }
    let server = Server::once(reply("Hi"));
    let proxy = Proxy::socks5(server.port());
    airx([
        "chat",
        "--allow-http",
        "--base-url",
        "http://192.0.2.7/v1",
        "hi",
    ])
    .args([
        "--proxy",
        &format!("socks5://user:word@{}", proxy.address()),
    ])
    .run()
    .is(0, "Hi\n", "");
    assert_eq!(proxy.requests(), ["user:word address [192, 0, 2, 7]"]);
}

#[test]
fn hosts_of_no_proxy_are_asked_directly() {
    let proxy = Proxy::refusing("HTTP/1.1 500 X\r\n\r\n");
    // Without a proxy neither host can be reached.
    let (name, address) = ("http://model.test/v1", "http://192.0.2.7/v1");
    for (base, variable, value) in [
        (name, "NO_PROXY", "other.test, .test"),
        (name, "NO_PROXY", "other.test model.test"),
        (name, "no_proxy", "model.test"),
        (name, "NO_PROXY", "*"),
        (address, "NO_PROXY", "*"),
        (address, "no_proxy", "other.test 192.0.2.7"),
        (address, "NO_PROXY", "192.0.2.0/24"),
    ] {
        for by in [
            vec![],
            vec!["--proxy", &*format!("http://{}", proxy.address())],
        ] {
            let ran = airx([
                "chat",
                "--allow-http",
                "--base-url",
                base,
                "hi",
                "--retries=0",
            ])
            .args(["--connect-timeout", "300ms"])
            .args(by)
            .env("ALL_PROXY", format!("http://{}", proxy.address()))
            .env(variable, value)
            .run();
            ran.code_is(6);
            assert!(proxy.requests().is_empty(), "{variable}={value}");
            assert!(!ran.stderr.contains("proxy"), "{}", ran.stderr);
        }
    }
}

const PROXY_HINT: &str = "hint: check the proxy (--proxy, HTTPS_PROXY, ALL_PROXY), its credentials, and whether it allows this host\n";

#[test]
fn a_proxy_that_refuses_is_named_and_exits_6() {
    let html = "HTTP/1.0 407 Proxy Authentication Required\r\nContent-Type: text/html\r\n\r\n<html>no</html>";
    let refused = "it refuses the tunnel: its answer to CONNECT is not 200";
    for (answer, why) in [
        (html, "it requires valid credentials (407)"),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", refused),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", refused),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", refused),
        ("nonsense\r\n\r\n", refused),
        ("", "it closed the connection without an answer"),
    ] {
        let proxy = Proxy::refusing(answer);
        let place = proxy.address();
        let report = format!(
            "airx: network: cannot connect to model.test:443 through the proxy {place}: {why}\n{PROXY_HINT}"
        );
        let url = format!("http://user:hidden-word@{place}");
        for (command, name) in [("chat", "HTTPS_PROXY"), ("stream", "all_proxy")] {
            let asked = || {
                let args = [command, "--base-url", "https://model.test/v1", "hi"];
                airx(args).args(["--retries", "0"])
            };
            asked().args(["--proxy", &url]).run().is(6, "", &report);
            asked().env(name, &url).run().is(6, "", &report);
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named_and_exits_6() {
    for (proxy, why) in [
        ("http://u:hidden-word@127.0.0.1:9", "Connection refused"),
        (
            "socks5h://u:hidden-word@127.0.0.1:9",
            "error connecting to socks proxy",
        ),
    ] {
        let args = ["chat", "--base-url", "https://model.test/v1", "hi"];
        let ran = airx(args).args(["--retries", "0", "--proxy", proxy]).run();
        ran.code_is(6);
        let report = format!(
            "airx: network: cannot connect to model.test:443 through the proxy 127.0.0.1:9: {why}"
        );
        assert!(ran.stderr.starts_with(&report), "{}", ran.stderr);
        assert!(ran.stderr.ends_with(PROXY_HINT), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hidden-word"), "{}", ran.stderr);
        chat(&["--retries", "0", "--proxy", proxy]).run().code_is(6);
    }
}

#[test]
fn a_proxy_of_plain_http_that_is_not_there_is_named() {
    let asked = || {
        let args = ["chat", "--base-url", "http://model.test/v1", "--allow-http"];
        airx(args).args(["--retries", "0", "hi"])
    };
    let report = format!(
        "airx: network: cannot connect to model.test:80 through the proxy 127.0.0.1:9: Connection refused (os error 111)\n{PROXY_HINT}"
    );
    let proxy = "http://u:hidden-word@127.0.0.1:9";
    asked().args(["--proxy", proxy]).run().is(6, "", &report);
    asked().env("http_proxy", proxy).run().is(6, "", &report);
}

#[test]
fn a_proxy_that_is_no_url_exits_2() {
    let hint =
        "hint: write it like http://NAME:PASS@HOST:3128, with special characters percent-encoded\n";
    for (proxy, why) in [
        (
            "ftp://h",
            "its scheme is none of http, https, socks5, socks5h, socks4, socks4a",
        ),
        ("http://", "it names no host"),
    ] {
        let report = format!("airx: usage: --proxy is not a usable URL: {why}\n{hint}");
        chat(&["--proxy", proxy]).run().is(2, "", &report);
    }
}
