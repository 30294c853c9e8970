//! [`Client`]: as much of PostgreSQL's protocol as making and dropping databases needs.
//!
//! The simple query protocol over a socket of std, with texts as values: a driver would cost more
//! to compile than the rest of this crate. It speaks no TLS.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::login::{SCRAM, Scram, md5_answer};
use super::url::{Host, Url};

/// How long a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long an answer may take: migrations are slow at times.
const ANSWER_LIMIT: Duration = Duration::from_secs(600);

/// Longer messages are not the server's.
const LONGEST_MESSAGE: usize = 1 << 30;

/// A row's values, `NULL` as `None`.
pub(super) type Row = Vec<Option<String>>;

/// A connection to a database.
pub(super) struct Client {
    stream: BufReader<Stream>,
    /// `server_version`, `15.4 (Debian …)`.
    version: String,
    notified: Vec<String>,
}

enum Stream {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// Why a statement, or a connection, did not do.
#[derive(Debug)]
pub(super) enum SqlError {
    /// The connection.
    Lost(io::Error),
    /// The server says no.
    Refused(Box<Refusal>),
    /// What came is not what the protocol says.
    Unexpected(String),
}

/// The fields of a server's error.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    /// `42601`
    pub(super) code: String,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) hint: Option<String>,
    /// In characters of the statement, from 1.
    pub(super) position: Option<usize>,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqlError::Lost(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("the server closed the connection")
            }
            SqlError::Lost(error) if error.kind() == io::ErrorKind::WouldBlock => {
                write!(f, "no answer within {ANSWER_LIMIT:?}")
            }
            SqlError::Lost(error) => write!(f, "{error}"),
            SqlError::Refused(refusal) => {
                f.write_str(&refusal.message)?;
                for more in [&refusal.detail, &refusal.hint].into_iter().flatten() {
                    write!(f, "; {more}")?;
                }
                write!(f, " (SQLSTATE {})", refusal.code)
            }
            SqlError::Unexpected(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for SqlError {}

impl From<io::Error> for SqlError {
    fn from(error: io::Error) -> Self {
        SqlError::Lost(error)
    }
}

/// One message of the server.
struct Message {
    kind: u8,
    body: Vec<u8>,
}

impl Client {
    /// Connects and logs in.
    pub(super) fn connect(url: &Url) -> Result<Self, SqlError> {
        if let Some(mode) = url.wants_tls() {
            return Err(SqlError::Unexpected(format!(
                "the URL says `sslmode={mode}`, and itest's own connections cannot be encrypted: \
                 use `sslmode=prefer` where the server allows it"
            )));
        }
        let mut client = Client {
            stream: BufReader::new(Stream::connect(url)?),
            version: String::new(),
            notified: Vec::new(),
        };
        let mut body = 196_608_u32.to_be_bytes().to_vec();
        for (key, value) in [
            ("user", &*url.user),
            ("database", &url.database),
            ("application_name", "itest"),
            ("client_encoding", "UTF8"),
        ] {
            put_text(&mut body, key);
            put_text(&mut body, value);
        }
        body.push(0);
        client.send(None, &body)?;
        client.log_in(url)?;
        client.until_ready(|_| Ok(()))?;
        Ok(client)
    }

    /// The server's version, `15`, or `9.6` of old.
    pub(super) fn version(&self) -> &str {
        self.version.split(' ').next().unwrap_or_default()
    }

    /// The first number of the version.
    pub(super) fn major(&self) -> u32 {
        let digits = self.version.split(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|major| major.parse().ok()).unwrap_or(0)
    }

    fn log_in(&mut self, url: &Url) -> Result<(), SqlError> {
        let mut scram = None;
        loop {
            let message = self.receive()?;
            if message.kind != b'R' {
                return Err(unexpected(&message, "logging in"));
            }
            let (kind, rest) = split_u32(&message.body)?;
            let password = || {
                url.password.as_deref().ok_or_else(|| {
                    SqlError::Unexpected(format!(
                        "the server wants a password for user `{}`, and the URL has none",
                        url.user
                    ))
                })
            };
            match kind {
                0 => return Ok(()),
                3 => self.send_password(password()?)?,
                5 => self.send_password(&md5_answer(&url.user, password()?, rest))?,
                10 => {
                    let offered = texts(rest);
                    if !offered.iter().any(|name| name == SCRAM) {
                        let offered = offered.join(", ");
                        return Err(SqlError::Unexpected(format!(
                            "the server offers only `{offered}` to log in"
                        )));
                    }
                    let nonce = format!("{:016x}", crate::service::directory::random());
                    let started = Scram::new(password()?, nonce);
                    let first = started.first();
                    let mut body = Vec::new();
                    put_text(&mut body, SCRAM);
                    body.extend(u32::try_from(first.len()).unwrap_or(0).to_be_bytes());
                    body.extend(first.as_bytes());
                    self.send(Some(b'p'), &body)?;
                    scram = Some(started);
                }
                11 | 12 => {
                    let text = String::from_utf8_lossy(rest).into_owned();
                    let wrong = || SqlError::Unexpected("the SCRAM login went wrong".to_owned());
                    let scram = scram.as_mut().ok_or_else(wrong)?;
                    if kind == 11 {
                        let answer = scram.answer(&text).ok_or_else(wrong)?;
                        self.send(Some(b'p'), answer.as_bytes())?;
                    } else if !scram.is_right(&text) {
                        return Err(wrong());
                    }
                }
                other => {
                    return Err(SqlError::Unexpected(format!(
                        "the server wants a way to log in that itest does not know ({other})"
                    )));
                }
            }
        }
    }

    fn send_password(&mut self, password: &str) -> Result<(), SqlError> {
        let mut body = Vec::new();
        put_text(&mut body, password);
        self.send(Some(b'p'), &body)
    }

    /// Runs statements, separated by `;`; gives all rows of all of them.
    ///
    /// The server runs several in one transaction unless they say otherwise.
    pub(super) fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let mut body = Vec::with_capacity(sql.len() + 1);
        put_text(&mut body, sql);
        self.send(Some(b'Q'), &body)?;
        let mut rows = Vec::new();
        let mut copies = false;
        self.until_ready(|message| {
            match message.kind {
                b'D' => rows.push(row(&message.body)?),
                b'G' => copies = true,
                _ => {}
            }
            Ok(())
        })
        .map_err(|error| match copies {
            true => SqlError::Unexpected(
                "`COPY … FROM STDIN` needs psql: dump with `--inserts` instead".to_owned(),
            ),
            false => error,
        })?;
        Ok(rows)
    }

    /// The first value of the first row.
    pub(super) fn query_one(&mut self, sql: &str) -> Result<Option<String>, SqlError> {
        let rows = self.query(sql)?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next()?))
    }

    /// Waits for notifications of a `LISTEN`, at most so long; gives their texts.
    pub(super) fn notifications(&mut self, limit: Duration) -> Result<Vec<String>, SqlError> {
        if self.notified.is_empty() {
            self.stream.get_ref().set_read_timeout(limit)?;
            let started = self.stream.fill_buf().map(|_| ());
            self.stream.get_ref().set_read_timeout(ANSWER_LIMIT)?;
            match started {
                Ok(()) => {
                    let message = self.receive()?;
                    self.note(&message);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(std::mem::take(&mut self.notified))
    }

    /// Lets another thread end a wait of this connection.
    pub(super) fn hang_up(&self) -> io::Result<HangUp> {
        Ok(HangUp(self.stream.get_ref().try_clone()?))
    }

    /// Reads until the server waits for the next statement, or has refused the last.
    fn until_ready(
        &mut self,
        mut take: impl FnMut(&Message) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let mut refused = None;
        loop {
            let message = match (self.receive(), refused.is_some()) {
                (Ok(message), _) => message,
                // It said why before it hung up.
                (Err(_), true) => return refused.map_or(Ok(()), Err),
                (Err(error), false) => return Err(error),
            };
            match message.kind {
                b'Z' => return refused.map_or(Ok(()), Err),
                b'E' => {
                    let refusal = refusal(&message.body);
                    // A refused connection is not ready afterwards.
                    if self.version.is_empty() {
                        return Err(SqlError::Refused(Box::new(refusal)));
                    }
                    refused.get_or_insert(SqlError::Refused(Box::new(refusal)));
                }
                // The server wants data; it gets none.
                b'G' => {
                    take(&message)?;
                    self.send(Some(b'f'), b"no data\0")?;
                }
                _ => {
                    self.note(&message);
                    take(&message)?;
                }
            }
        }
    }

    /// What can come at any time.
    fn note(&mut self, message: &Message) {
        match message.kind {
            b'S' => {
                if let [name, value] = &texts(&message.body)[..]
                    && name == "server_version"
                {
                    self.version = value.clone();
                }
            }
            b'A' => {
                let text = message.body.get(4..).map(texts).unwrap_or_default();
                self.notified.extend(text.into_iter().nth(1));
            }
            _ => {}
        }
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> Result<(), SqlError> {
        let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        self.stream.get_mut().write_all(&message)?;
        Ok(())
    }

    fn receive(&mut self) -> Result<Message, SqlError> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length) as usize;
        if !(4..LONGEST_MESSAGE).contains(&length) {
            return Err(SqlError::Unexpected(
                "what answers there is not PostgreSQL".to_owned(),
            ));
        }
        let mut body = vec![0; length - 4];
        self.stream.read_exact(&mut body)?;
        Ok(Message { kind, body })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The server sees an end without it too; so it does not log one as lost.
        let _ = self.send(Some(b'X'), &[]);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.version)
    }
}

/// Ends a connection from outside.
pub(super) struct HangUp(Stream);

impl fmt::Debug for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HangUp")
    }
}

impl HangUp {
    pub(super) fn hang_up(&self) {
        let _ = match &self.0 {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.shutdown(std::net::Shutdown::Both),
            Stream::Tcp(stream) => stream.shutdown(std::net::Shutdown::Both),
        };
    }
}

impl Stream {
    fn connect(url: &Url) -> io::Result<Stream> {
        let stream = match &url.host {
            #[cfg(unix)]
            Host::Socket(directory) => Stream::Unix(UnixStream::connect(url.socket(directory))?),
            #[cfg(not(unix))]
            Host::Socket(_) => return Err(io::ErrorKind::Unsupported.into()),
            Host::Name(name) => Stream::Tcp(connect_tcp(name, url.port)?),
        };
        stream.set_read_timeout(ANSWER_LIMIT)?;
        Ok(stream)
    }

    fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.set_read_timeout(Some(limit)),
            Stream::Tcp(stream) => stream.set_read_timeout(Some(limit)),
        }
    }

    fn try_clone(&self) -> io::Result<Stream> {
        Ok(match self {
            #[cfg(unix)]
            Stream::Unix(stream) => Stream::Unix(stream.try_clone()?),
            Stream::Tcp(stream) => Stream::Tcp(stream.try_clone()?),
        })
    }
}

fn connect_tcp(name: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (name, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_LIMIT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(buffer),
            Stream::Tcp(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.write(bytes),
            Stream::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unexpected(message: &Message, when: &str) -> SqlError {
    if message.kind == b'E' {
        return SqlError::Refused(Box::new(refusal(&message.body)));
    }
    SqlError::Unexpected(format!(
        "unexpected message `{}` when {when}",
        char::from(message.kind).escape_default()
    ))
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    // A NUL would end the text early; the server would take the rest for something else.
    body.extend(text.bytes().filter(|byte| *byte != 0));
    body.push(0);
}

/// Texts that each end with NUL.
fn texts(bytes: &[u8]) -> Vec<String> {
    bytes
        .split(|byte| *byte == 0)
        .filter(|text| !text.is_empty())
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect()
}

fn split_u32(bytes: &[u8]) -> Result<(u32, &[u8]), SqlError> {
    match bytes.split_first_chunk() {
        Some((number, rest)) => Ok((u32::from_be_bytes(*number), rest)),
        None => Err(SqlError::Unexpected("a message is too short".to_owned())),
    }
}

fn row(body: &[u8]) -> Result<Row, SqlError> {
    let short = || SqlError::Unexpected("a row is too short".to_owned());
    let (_, mut rest) = body.split_first_chunk::<2>().ok_or_else(short)?;
    let mut row = Vec::new();
    while !rest.is_empty() {
        let (length, after) = split_u32(rest)?;
        rest = after;
        row.push(match length {
            u32::MAX => None,
            length => {
                let (value, after) = rest.split_at_checked(length as usize).ok_or_else(short)?;
                rest = after;
                Some(String::from_utf8_lossy(value).into_owned())
            }
        });
    }
    Ok(row)
}

fn refusal(body: &[u8]) -> Refusal {
    let mut refusal = Refusal::default();
    for field in texts(body) {
        let mut letters = field.chars();
        let kind = letters.next();
        let text = letters.as_str().to_owned();
        match kind {
            Some('C') => refusal.code = text,
            Some('M') => refusal.message = text,
            Some('D') => refusal.detail = Some(text),
            Some('H') => refusal.hint = Some(text),
            Some('P') => refusal.position = text.parse().ok(),
            _ => {}
        }
    }
    refusal
}

/// A name as SQL takes any: `"it""s"`.
pub(super) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL takes it, whatever the settings.
pub(super) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_whatever_they_are() {
        let body = b"\0\x02\0\0\0\x01a\xff\xff\xff\xff";
        assert_eq!(row(body).unwrap(), [Some("a".to_owned()), None]);
        assert!(row(b"\0\x01\0\0\0\x09a").is_err());
        assert!(row(b"\0").is_err());
        let refusal = refusal(b"SERROR\0C42601\0Msyntax error\0P7\0\0");
        assert_eq!((&*refusal.code, refusal.position), ("42601", Some(7)));
        let text = SqlError::Refused(Box::new(refusal)).to_string();
        assert_eq!(text, "syntax error (SQLSTATE 42601)");
    }

    #[test]
    fn quoting() {
        assert_eq!(quote_name("it\"s"), "\"it\"\"s\"");
        assert_eq!(quote_text("it's"), "'it''s'");
    }
}
