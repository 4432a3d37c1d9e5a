//! https: which certificates are trusted, and the class of a connection that breaks.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use rcgen::date_time_ymd;

use crate::harness::tls::Authority;
use crate::harness::{
    Airx, DONE, Server, Step, airx, chunk, delta, file, finish_frame, folder, reply, reply_body,
    stream_head, stream_of,
};

/// `airx COMMAND hi` over https with `pem` as `--cacert`.
fn run(command: &str, server: &Server, pem: &Path) -> Airx {
    airx([command, "hi", "--cacert"])
        .args([pem])
        .env("AIRX_BASE_URL", format!("https://{}/v1", server.address()))
}

/// Checks that airx refuses the certificate, reports it once with the hint, and does not
/// retry.
#[track_caller]
fn refused(server: &Server, run: Airx, why: &str) {
    let message = format!(
        "TLS with {} failed: invalid peer certificate: {why}",
        server.address()
    );
    let hint = "the server's certificate is not trusted; name its authority with --cacert FILE";
    run.run()
        .is(6, "", &format!("airx: network: {message}\nhint: {hint}\n"));
    assert!(server.requests().is_empty());
}

#[test]
fn a_server_of_a_named_authority_is_trusted() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let server = authority.server("127.0.0.1", [reply("Hi"), stream_of(["Hi"]), reply("Hi")]);
    run("chat", &server, &pem).run().is(0, "Hi\n", "");
    run("stream", &server, &pem).run().is(0, "Hi\n", "");
    airx(["chat", "hi"])
        .env("AIRX_BASE_URL", format!("https://{}/v1", server.address()))
        .env("SSL_CERT_FILE", &pem)
        .run()
        .is(0, "Hi\n", "");
}

#[test]
fn an_unknown_authority_exits_6_and_is_not_retried() {
    let (folder, authority) = (folder(), Authority::new());
    let other = Authority::new().pem(&folder);
    for command in ["chat", "stream"] {
        let server = authority.server("127.0.0.1", []);
        refused(&server, run(command, &server, &other), "UnknownIssuer");
        let args = [command, "--format", "ndjson", "hi"];
        let base = format!("https://{}/v1", server.address());
        let ran = airx(args).env("AIRX_BASE_URL", base).run();
        assert_eq!((ran.code, ran.types().join(" ")), (6, "start error".into()));
    }
}

#[test]
fn an_expired_certificate_exits_6_and_is_not_retried() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let expired = |params: &mut rcgen::CertificateParams| {
        params.not_after = date_time_ymd(2020, 1, 1);
    };
    let server = authority.server_with("127.0.0.1", expired, []);
    let ran = run("chat", &server, &pem)
        .args(["--format", "ndjson"])
        .run();
    assert_eq!((ran.code, ran.types().join(" ")), (6, "start error".into()));
    let message = ran.events()[1]["message"].to_string();
    assert!(message.contains("certificate expired"), "{message}");
}

#[test]
fn a_certificate_for_another_host_exits_6_and_is_not_retried() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let server = authority.server("other.test", []);
    let ran = run("stream", &server, &pem)
        .args(["--format", "ndjson"])
        .run();
    assert_eq!((ran.code, ran.types().join(" ")), (6, "start error".into()));
    let message = ran.events()[1]["message"].to_string();
    assert!(message.contains("not valid for name"), "{message}");
}

#[test]
fn a_file_without_certificates_exits_2_and_nothing_is_sent() {
    let folder = folder();
    file(&folder, "none.pem", "nothing");
    for (name, why) in [
        ("none.pem", "it contains no certificate in PEM format"),
        ("missing.pem", "No such file or directory (os error 2)"),
    ] {
        let server = Authority::new().server("127.0.0.1", []);
        let report = format!("{name}: {why}\n");
        run("chat", &server, Path::new(name))
            .within(folder.path())
            .run()
            .is(2, "", &format!("airx: usage: --cacert {report}"));
        airx(["stream", "hi"])
            .env("AIRX_BASE_URL", format!("https://{}/v1", server.address()))
            .env("SSL_CERT_FILE", name)
            .within(folder.path())
            .run()
            .is(2, "", &format!("airx: usage: SSL_CERT_FILE {report}"));
    }
}

#[test]
fn a_stream_whose_connection_ends_without_notice_exits_7() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let unframed = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let text = delta("Hi") + &finish_frame("stop");
    for play in [
        vec![stream_head(), chunk(text.as_bytes()), Step::Close],
        vec![
            Step::Send((unframed.to_owned() + &text).into()),
            Step::Close,
        ],
        vec![stream_head(), chunk(text.as_bytes()), Step::Reset],
    ] {
        let server = authority.server("127.0.0.1", [play]);
        let ran = run("stream", &server, &pem).run();
        assert_eq!((ran.code, &*ran.stdout), (7, "Hi\n"), "{}", ran.stderr);
        assert!(
            ran.stderr
                .starts_with("airx: incomplete: the answer broke off"),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    }
}

#[test]
fn an_answer_that_is_there_counts_however_the_connection_ends() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let body = reply_body("Hi", "stop");
    let complete = vec![
        Step::Send(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into()),
        Step::Close,
    ];
    let text = delta("Hi") + &finish_frame("stop") + DONE;
    let streamed = vec![stream_head(), chunk(text.as_bytes()), Step::Close];
    for (command, play) in [("chat", complete), ("stream", streamed)] {
        let server = authority.server("127.0.0.1", [play]);
        run(command, &server, &pem).run().is(0, "Hi\n", "");
    }
}

#[test]
fn a_complete_answer_that_breaks_off_exits_7() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let half = "HTTP/1.1 200 OK\r\n\r\n{\"choices\":[";
    let server = authority.server("127.0.0.1", [vec![Step::Send(half.into()), Step::Close]]);
    let ran = run("chat", &server, &pem).args(["--retries", "0"]).run();
    assert_eq!((ran.code, &*ran.stdout), (7, ""), "{}", ran.stderr);
}

#[test]
fn a_server_that_speaks_no_tls_exits_6() {
    // The server cannot parse the handshake as a request, and closes the connection.
    let server = Server::speaking([], |stream| {
        stream.shutdown(std::net::Shutdown::Both).unwrap();
        stream
    });
    let ran = airx(["chat", "hi", "--retries", "0"])
        .env("AIRX_BASE_URL", format!("https://{}/v1", server.address()))
        .run();
    assert_eq!((ran.code, &*ran.stdout), (6, ""), "{}", ran.stderr);
}

#[test]
fn a_server_with_an_authority_s_certificate_gets_a_hint() {
    let (folder, authority) = (folder(), Authority::new());
    let pem = authority.pem(&folder);
    let server = authority.server_with(
        "127.0.0.1",
        |params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
        [],
    );
    let report = format!(
        "airx: network: TLS with {} failed: its certificate is for an authority (CA:TRUE), not for a server\n\
         hint: make a new one with -addext basicConstraints=critical,CA:FALSE, and name it with --cacert\n",
        server.address()
    );
    run("chat", &server, &pem).run().is(6, "", &report);
}

/// Answers every request with this; returns the address.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn https_to_a_server_of_plain_http_names_the_url_to_try() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n"] {
        for (command, path) in [("chat", "/v1"), ("stream", "/v1/chat/completions")] {
            let place = answering(answer);
            let base = format!("https://{place}{path}");
            let report = format!(
                "airx: network: TLS with {place} failed: the server speaks plain http, not TLS\nhint: write the URL as http://{place}/v1\n"
            );
            airx([command, "hi", "--base-url", &base])
                .run()
                .is(6, "", &report);
        }
    }
}
