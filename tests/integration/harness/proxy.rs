//! Small proxies on 127.0.0.1. They connect to one local port for any host, and record
//! what was requested.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use super::listen;

/// A proxy that runs until the test ends.
pub struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Tunnels `CONNECT` requests; records their heads.
    pub fn tunnel(to: u16) -> Self {
        Self::serving(move |client, asked| {
            let head = head(client)?;
            asked.lock().unwrap().push(head);
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            join(client, to)
        })
    }

    /// Answers every request with `response`.
    pub fn refusing(response: &'static str) -> Self {
        Self::serving(move |client, asked| {
            let head = head(client)?;
            asked.lock().unwrap().push(head);
            client.write_all(response.as_bytes())
        })
    }

    /// Speaks SOCKS 5, with any password or none; records the credentials, the kind of
    /// address and the address.
    pub fn socks5(to: u16) -> Self {
        Self::serving(move |client, asked| {
            let [_, methods] = take(client)?;
            let mut offered = vec![0; methods.into()];
            client.read_exact(&mut offered)?;
            let mut report = String::new();
            if offered.contains(&2) {
                client.write_all(&[5, 2])?;
                let [_] = take(client)?;
                report = format!("{}:", text(client)?);
                report += &text(client)?;
                report.push(' ');
                client.write_all(&[1, 0])?;
            } else {
                client.write_all(&[5, 0])?;
            }
            let [_, _, _, kind] = take(client)?;
            let address = match kind {
                1 => format!("address {:?}", take::<4>(client)?),
                3 => format!("name {}", text(client)?),
                other => format!("kind {other}"),
            };
            report += &address;
            let [_, _] = take(client)?;
            asked.lock().unwrap().push(report);
            client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
            join(client, to)
        })
    }

    fn serving(
        serve: impl Fn(&mut TcpStream, &Mutex<Vec<String>>) -> std::io::Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let asked = Arc::default();
        let asks = Arc::clone(&asked);
        let port = listen(move |mut client| {
            // The client may have gone.
            let _ = serve(&mut client, &asks);
        });
        Self { port, asked }
    }

    /// `127.0.0.1` and the port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What was requested so far.
    pub fn requests(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads the head of a request. The client sends no more before the answer.
fn head(client: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(take::<1>(client)?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn take<const N: usize>(client: &mut TcpStream) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a length in one byte, and then a text of this length.
fn text(client: &mut TcpStream) -> std::io::Result<String> {
    let [length] = take(client)?;
    let mut bytes = vec![0; length.into()];
    client.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Copies both ways until both have ended.
fn join(client: &TcpStream, to: u16) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", to))?;
    let (mut from, mut into) = (client.try_clone()?, server.try_clone()?);
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut into);
        let _ = into.shutdown(Shutdown::Write);
    });
    let (mut from, mut into) = (server, client.try_clone()?);
    let _ = std::io::copy(&mut from, &mut into);
    let _ = into.shutdown(Shutdown::Write);
    let _ = up.join();
    Ok(())
}
