//! A language model on this machine, reached over HTTP.
//!
//! Only the loopback is spoken to, and without encryption: there is nothing to encrypt on the way.
//! A model elsewhere is reached through a local forwarder (an SSH tunnel, a proxy that adds TLS),
//! so that no key ever leaves this program in the clear.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;
use yuefu_lyrics::write::{Remark, Transport, model::LONGEST_ANSWER};

/// Where servers such as Ollama listen.
pub const USUAL: &str = "http://127.0.0.1:11434/v1";
/// Headers beyond this are no answer.
const LONGEST_HEADER: usize = 64 * 1024;
/// Models take their time, but not for ever.
const PATIENCE: Duration = Duration::from_secs(300);

/// An endpoint of OpenAI's chat-completions form on the loopback.
#[derive(Clone, Debug)]
pub struct Endpoint {
    address: SocketAddr,
    host: String,
    path: String,
    key: Option<String>,
}

fn remark(en: String, zh: String) -> Remark {
    Remark { en, zh }
}

impl Endpoint {
    /// An endpoint by its address, such as [`USUAL`], with the key that it may ask for.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn new(url: &str, key: Option<String>) -> Result<Self, Remark> {
        let fail = || {
            remark(
                format!(
                    "expected an address on this machine such as {USUAL}, found `{url}`; reach other machines through a local tunnel or proxy"
                ),
                format!(
                    "应为本机地址，如 {USUAL}，却是“{url}”；访问其他机器请经由本机的隧道或代理"
                ),
            )
        };
        let rest = url.trim().strip_prefix("http://").ok_or_else(fail)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !name.is_empty() && !port.ends_with(']') => {
                (name, port.parse().map_err(|_| fail())?)
            }
            _ => (host, 80),
        };
        let ip: IpAddr = match name {
            "localhost" => Ipv4Addr::LOCALHOST.into(),
            "[::1]" => Ipv6Addr::LOCALHOST.into(),
            name => name.parse().map_err(|_| fail())?,
        };
        let plain = |text: &str| text.chars().all(|sign| sign.is_ascii_graphic());
        if !ip.is_loopback() || !plain(path) || !key.as_deref().is_none_or(plain) {
            return Err(fail());
        }
        Ok(Self {
            address: SocketAddr::new(ip, port),
            host: host.to_owned(),
            path: format!("/{}", path.trim_end_matches('/')),
            key,
        })
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(10))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Asks over a stream that is open, and hears what is answered.
    fn converse(
        &self,
        stream: std::io::Result<impl Read + Write>,
        body: &str,
    ) -> Result<String, Remark> {
        let host = &self.host;
        let answer = stream
            .and_then(|stream| self.exchange(stream, body))
            .map_err(|error| {
                remark(
                    format!("the model at {host} cannot be reached: {error}"),
                    format!("无法连接 {host} 上的模型：{error}"),
                )
            })?;
        let (status, body) = parse(&answer).ok_or_else(|| {
            remark(
                format!("{host} does not answer in HTTP"),
                format!("{host} 的回答不是 HTTP"),
            )
        })?;
        if status != 200 {
            return Err(remark(
                format!("the model at {host} refuses with status {status}"),
                format!("{host} 上的模型拒绝请求，状态码 {status}"),
            ));
        }
        Ok(body)
    }

    fn exchange(&self, mut stream: impl Read + Write, body: &str) -> std::io::Result<Vec<u8>> {
        let path = format!("{}/chat/completions", self.path.trim_end_matches('/'));
        let key = self.key.as_ref().map_or(String::new(), |key| {
            format!("Authorization: Bearer {key}\r\n")
        });
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{key}Connection: close\r\n\
             Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = Vec::new();
        stream
            .take((LONGEST_HEADER + 2 * LONGEST_ANSWER) as u64)
            .read_to_end(&mut answer)?;
        Ok(answer)
    }
}

impl Transport for Endpoint {
    fn post(&self, body: &str) -> Result<String, Remark> {
        self.converse(self.connect(), body)
    }
}

/// Status and body of an answer; `None` where it is no HTTP.
fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end])
        .ok()?
        .to_ascii_lowercase();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()?
        .strip_prefix("http/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    let chunked =
        lines.any(|line| line.starts_with("transfer-encoding:") && line.contains("chunked"));
    let rest = &answer[end + 4..];
    let body = if chunked {
        unchunk(rest)?
    } else {
        rest.to_vec()
    };
    Some((status, String::from_utf8(body).ok()?))
}

/// A body that comes in chunks, put together.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end])
            .ok()?
            .split(';')
            .next()?
            .trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::io::{Cursor, Result as Io};
    use std::net::TcpListener;
    use yuefu_lyrics::write::{LyricWriter, Model, Wish};

    /// An endpoint whose server is a script, so that no network is needed.
    struct Scripted {
        endpoint: Endpoint,
        answer: String,
        sent: RefCell<Vec<u8>>,
    }

    impl Scripted {
        fn new(key: Option<&str>, answer: &str) -> Self {
            Self {
                endpoint: Endpoint::new(USUAL, key.map(str::to_owned)).expect("loopback"),
                answer: answer.to_owned(),
                sent: RefCell::default(),
            }
        }
    }

    impl Transport for Scripted {
        fn post(&self, body: &str) -> Result<String, Remark> {
            let wire = Wire {
                sent: &mut self.sent.borrow_mut(),
                answer: Cursor::new(self.answer.as_bytes()),
            };
            self.endpoint.converse(Ok(wire), body)
        }
    }

    struct Wire<'a> {
        sent: &'a mut Vec<u8>,
        answer: Cursor<&'a [u8]>,
    }

    impl Read for Wire<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> Io<usize> {
            // Answers come in pieces, wherever the network cuts them.
            let piece = bytes.len().min(7);
            self.answer.read(&mut bytes[..piece])
        }
    }

    impl Write for Wire<'_> {
        fn write(&mut self, bytes: &[u8]) -> Io<usize> {
            self.sent.write(bytes)
        }

        fn flush(&mut self) -> Io<()> {
            Ok(())
        }
    }

    #[test]
    fn a_local_model_writes() {
        let words = "Title: 晚风\n[verse]\n巷口的灯亮了一盏\n你踩着影子回来\n锅里的汤还没有滚\n窗外的云已经散开\n";
        let body =
            serde_json::json!({ "choices": [{ "message": { "content": words } }] }).to_string();
        let (first, second) = body.split_at(10);
        let chunked = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        );
        let whole = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for answer in [chunked, whole] {
            let model = Model {
                transport: Scripted::new(Some("secret"), &answer),
                name: "tiny".to_owned(),
            };
            let written = model.write(&Wish::from_text("回家"), 1).expect("words");
            assert_eq!(written.title, "晚风");
            let sent = String::from_utf8(model.transport.sent.take()).expect("text");
            let (head, body) = sent.split_once("\r\n\r\n").expect("a head and a body");
            assert!(
                head.starts_with("POST /v1/chat/completions HTTP/1.1"),
                "{head}"
            );
            assert!(head.contains("Bearer secret") && body.contains("tiny"));
            assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        }
    }

    #[test]
    fn refusals_and_noise_are_told() {
        for (answer, expected) in [("HTTP/1.1 503 Busy\r\n\r\n", "503"), ("hello", "HTTP")] {
            let error = Scripted::new(None, answer).post("{}").expect_err("refused");
            assert!(error.en.contains(expected), "{}", error.en);
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("the loopback is there");
        let address = free.local_addr().expect("bound");
        drop(free);
        let error = Endpoint::new(&format!("http://{address}"), None)
            .expect("loopback")
            .post("{}")
            .expect_err("nobody listens");
        assert!(error.en.contains("cannot be reached"), "{}", error.en);
        for url in [
            "https://127.0.0.1",
            "http://example.com/v1",
            "http://10.0.0.1",
            "http://127.0.0.1:x",
            "",
        ] {
            assert!(Endpoint::new(url, None).is_err(), "{url}");
        }
        assert!(Endpoint::new("http://[::1]:8080/v1/", None).is_ok());
        assert!(unchunk(b"zz").is_none() && unchunk(b"ffff\r\nx").is_none());
    }
}
