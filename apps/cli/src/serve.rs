//! A page that plays the newest sound: three fixed addresses, nothing else of the disk.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use yuefu_studio::{StudioError, WorldError};

/// Longest request that is read.
const MOST: u64 = 16 << 10;

/// What is to be heard.
#[derive(Default)]
struct Sound {
    version: u64,
    file: Option<PathBuf>,
}

/// A running page.
pub struct Page {
    address: SocketAddr,
    sound: Arc<Mutex<Sound>>,
}

impl Page {
    /// Begins to serve on an address; a port alone means this machine only.
    ///
    /// # Errors
    /// When the address is none, or is taken.
    pub fn open(address: &str) -> Result<Self, StudioError> {
        let full = if address.chars().all(|c| c.is_ascii_digit()) {
            format!("127.0.0.1:{address}")
        } else {
            address.to_owned()
        };
        let listener = TcpListener::bind(&full)
            .map_err(|error| WorldError::new("listen on", full.clone(), &error))?;
        let address = listener
            .local_addr()
            .map_err(|error| WorldError::new("listen on", full, &error))?;
        let sound: Arc<Mutex<Sound>> = Arc::default();
        let shared = Arc::clone(&sound);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A listener who goes away in the middle is no failure of ours.
                std::thread::spawn(move || drop(answer(stream, &shared)));
            }
        });
        Ok(Self { address, sound })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Plays another file from now on.
    pub fn show(&self, file: &Path) {
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        sound.version += 1;
        sound.file = Some(file.to_owned());
    }
}

fn answer(stream: TcpStream, sound: &Mutex<Sound>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut out = stream.try_clone()?;
    respond(stream, &mut out, sound)
}

fn respond(request: impl Read, out: &mut impl Write, sound: &Mutex<Sound>) -> io::Result<()> {
    let mut request = BufReader::new(request.take(MOST));
    let mut first = String::new();
    request.read_line(&mut first)?;
    let mut range = None;
    loop {
        let mut header = String::new();
        if request.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("range")
        {
            range = byte_range(value.trim());
        }
    }
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    if method != "GET" && method != "HEAD" {
        return reply(out, "405 Method Not Allowed", "text/plain", b"");
    }
    let (version, file) = {
        let sound = sound.lock().unwrap_or_else(PoisonError::into_inner);
        (sound.version, sound.file.clone())
    };
    match (path, file) {
        ("/", _) => reply(out, "200 OK", "text/html; charset=utf-8", PAGE.as_bytes()),
        ("/version", _) => {
            let text = version.to_string();
            reply(out, "200 OK", "text/plain", text.as_bytes())
        }
        ("/sound.wav", Some(file)) => send(out, &file, range),
        _ => reply(out, "404 Not Found", "text/plain", b"not found"),
    }
}

fn reply(out: &mut impl Write, status: &str, kind: &str, body: &[u8]) -> io::Result<()> {
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: \
         no-store\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    out.write_all(body)
}

/// First and last byte of `bytes=FIRST-` or `bytes=FIRST-LAST` (RFC 9110 §14.1.2).
fn byte_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = last.trim();
    Some((
        first.trim().parse().ok()?,
        if last.is_empty() {
            None
        } else {
            Some(last.parse().ok()?)
        },
    ))
}

fn send(out: &mut impl Write, file: &Path, range: Option<(u64, Option<u64>)>) -> io::Result<()> {
    let mut file = File::open(file)?;
    let size = file.metadata()?.len();
    let (first, last) = match range {
        Some((first, last)) => (first, last.unwrap_or(u64::MAX).min(size.saturating_sub(1))),
        None => (0, size.saturating_sub(1)),
    };
    if first > last || first >= size {
        return reply(out, "416 Range Not Satisfiable", "text/plain", b"");
    }
    let count = last - first + 1;
    let status = if range.is_some() {
        format!("206 Partial Content\r\nContent-Range: bytes {first}-{last}/{size}")
    } else {
        "200 OK".to_owned()
    };
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: audio/wav\r\nContent-Length: {count}\r\nAccept-Ranges: \
         bytes\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    file.seek(SeekFrom::Start(first))?;
    io::copy(&mut file.take(count), out)?;
    Ok(())
}

/// The page: it asks for the version and goes on playing where it was.
const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Yuefu</title>
<style>body{font:16px sans-serif;max-width:40em;margin:15vh auto;text-align:center}audio{width:100%}</style></head>
<body><h1>Yuefu 乐府</h1><audio id="sound" controls loop></audio><p id="state">…</p>
<script>
let version = 0;
const sound = document.getElementById("sound"), state = document.getElementById("state");
async function look() {
  try {
    const now = Number(await (await fetch("/version")).text());
    if (now > version) {
      const at = sound.currentTime, playing = !sound.paused;
      version = now;
      sound.src = "/sound.wav?" + now;
      sound.currentTime = at;
      if (playing) sound.play();
      state.textContent = "version " + now;
    }
  } catch { state.textContent = "…"; }
  setTimeout(look, 250);
}
look();
</script></body></html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(sound: &Mutex<Sound>, request: &str) -> String {
        let mut bytes = Vec::new();
        respond(request.as_bytes(), &mut bytes, sound).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn only_the_sound_is_served() {
        let file = std::env::temp_dir().join(format!("yuefu-serve-{}.wav", std::process::id()));
        std::fs::write(&file, b"0123456789").unwrap();
        let page = Page::open("0").unwrap();
        assert!(page.address().ip().is_loopback());
        let sound = &page.sound;
        assert!(ask(sound, "GET /sound.wav HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
        page.show(&file);
        assert!(ask(sound, "GET /version HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n1"));
        assert!(ask(sound, "GET / HTTP/1.1\r\n\r\n").contains("<audio"));
        assert!(ask(sound, "GET /sound.wav?1 HTTP/1.1\r\n\r\n").ends_with("0123456789"));
        let part = ask(sound, "GET /sound.wav HTTP/1.1\r\nRange: bytes=3-5\r\n\r\n");
        assert!(
            part.starts_with("HTTP/1.1 206") && part.ends_with("\r\n\r\n345"),
            "{part}"
        );
        let beyond = ask(sound, "GET /sound.wav HTTP/1.1\r\nrange: bytes=99-\r\n\r\n");
        assert!(beyond.starts_with("HTTP/1.1 416"));
        for path in ["/../etc/passwd", "//etc/passwd", "/song.json", ""] {
            let reply = ask(sound, &format!("GET {path} HTTP/1.1\r\n\r\n"));
            assert!(reply.starts_with("HTTP/1.1 404"), "{path}: {reply}");
        }
        assert!(ask(sound, "POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
        assert!(ask(sound, "\r\n\r\n").starts_with("HTTP/1.1 405"));
        std::fs::remove_file(file).unwrap();
    }
}
