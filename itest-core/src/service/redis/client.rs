//! [`Client`]: as much of Redis's protocol as databases per test need.
//!
//! Not a client for users: whichever they have takes the URL.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::service::address::Address;
use crate::service::error::{Context, Error, Result};

/// How long a server may take to be connected to, and for each answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Nil,
    Number(i64),
    Text(String),
    List(Vec<Reply>),
}

impl Client {
    /// Connects and logs in.
    pub(super) fn connect(address: &Address) -> Result<Self> {
        let failed = || format!("cannot connect to {}", address.place());
        let mut places = (&*address.host, address.port)
            .to_socket_addrs()
            .context(failed)?;
        let mut outcome = Err(Error::new("the host's name has no address"));
        let stream = loop {
            let Some(place) = places.next() else {
                return outcome.context(failed);
            };
            match TcpStream::connect_timeout(&place, ANSWER_LIMIT) {
                Ok(stream) => break stream,
                Err(error) => outcome = Err(error).context(|| place.to_string()),
            }
        };
        stream
            .set_read_timeout(Some(ANSWER_LIMIT))
            .and_then(|()| stream.set_write_timeout(Some(ANSWER_LIMIT)))
            .and_then(|()| stream.set_nodelay(true))
            .context(failed)?;
        let mut client = Client {
            stream: BufReader::new(stream),
        };
        let login = match (&*address.user, address.password.as_deref()) {
            (_, None) => None,
            ("", Some(password)) => Some(vec!["AUTH", password]),
            (user, Some(password)) => Some(vec!["AUTH", user, password]),
        };
        if let Some(login) = login {
            client
                .command(&login)
                .context(|| format!("{} refuses the login", address.place()))?;
        }
        client.command(&["PING"]).context(failed)?;
        Ok(client)
    }

    /// Sends a command, and reads its answer.
    ///
    /// # Errors
    /// When the connection is lost, or the server says no.
    pub(super) fn command(&mut self, words: &[&str]) -> Result<Reply> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command += &format!("${}\r\n{word}\r\n", word.len());
        }
        let answer = self
            .stream
            .get_mut()
            .write_all(command.as_bytes())
            .and_then(|()| read(&mut self.stream, 0));
        match answer {
            Ok(Ok(reply)) => Ok(reply),
            // The words of AUTH are not for people.
            Ok(Err(refusal)) => Err(Error::new(format!("`{}` failed: {refusal}", words[0]))),
            Err(error) => {
                Err(Error::new(format!("`{}` was not answered", words[0])).caused_by(error))
            }
        }
    }

    /// A command whose answer is a text.
    pub(super) fn text(&mut self, words: &[&str]) -> Result<String> {
        match self.command(words)? {
            Reply::Text(text) => Ok(text),
            other => Err(unexpected(words, &other)),
        }
    }

    /// A command whose answer is a number.
    pub(super) fn number(&mut self, words: &[&str]) -> Result<i64> {
        match self.command(words)? {
            Reply::Number(number) => Ok(number),
            other => Err(unexpected(words, &other)),
        }
    }
}

fn unexpected(words: &[&str], reply: &Reply) -> Error {
    Error::new(format!("`{}` was answered by {reply:?}", words[0]))
}

/// How deep lists are read.
const DEPTH: usize = 8;

/// How long one text or list may be.
const LONGEST: usize = 64 << 20;

/// An answer; the inner `Err` is the server's refusal.
fn read(from: &mut impl BufRead, depth: usize) -> std::io::Result<Result<Reply, String>> {
    let wrong = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line
        .strip_suffix("\r\n")
        .ok_or_else(|| wrong("the server hung up"))?;
    let (kind, rest) = line
        .split_at_checked(1)
        .ok_or_else(|| wrong("an empty answer"))?;
    let length = || match rest.parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(length) => match usize::try_from(length) {
            Ok(length) if length <= LONGEST => Ok(Some(length)),
            _ => Err(wrong("an answer of an impossible length")),
        },
        Err(_) => Err(wrong("an answer without its length")),
    };
    Ok(Ok(match kind {
        "+" => Reply::Text(rest.to_owned()),
        "-" => return Ok(Err(rest.to_owned())),
        ":" => Reply::Number(rest.parse().map_err(|_| wrong("not a number"))?),
        "$" => match length()? {
            None => Reply::Nil,
            Some(length) => {
                // As much as comes: a length alone reserves nothing.
                let mut text = Vec::new();
                let all = length as u64 + 2;
                if from.take(all).read_to_end(&mut text)? as u64 != all {
                    return Err(wrong("the server hung up"));
                }
                text.truncate(length);
                Reply::Text(String::from_utf8_lossy(&text).into_owned())
            }
        },
        "*" if depth < DEPTH => match length()? {
            None => Reply::Nil,
            Some(length) => {
                let mut list = Vec::new();
                for _ in 0..length {
                    match read(from, depth + 1)? {
                        Ok(reply) => list.push(reply),
                        Err(refusal) => return Ok(Err(refusal)),
                    }
                }
                Reply::List(list)
            }
        },
        _ => return Err(wrong("not an answer of Redis")),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> std::io::Result<Result<Reply, String>> {
        read(&mut &*bytes, 0)
    }

    #[test]
    fn answers_are_read() {
        let check = |bytes: &str, reply: Reply| {
            assert_eq!(parse(bytes.as_bytes()).unwrap(), Ok(reply), "{bytes:?}");
        };
        check("+OK\r\n", Reply::Text("OK".into()));
        check(":-7\r\n", Reply::Number(-7));
        check("$4\r\na\r\nb\r\n", Reply::Text("a\r\nb".into()));
        check("$-1\r\n", Reply::Nil);
        check("*-1\r\n", Reply::Nil);
        check(
            "*2\r\n:1\r\n$0\r\n\r\n",
            Reply::List(vec![Reply::Number(1), Reply::Text(String::new())]),
        );
        assert_eq!(parse(b"-ERR no\r\n").unwrap(), Err("ERR no".into()));
        for wrong in [
            "",
            "+OK",
            "HTTP/1.1 200\r\n",
            "$9\r\nshort\r\n",
            "*99999999999\r\n",
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn whatever_looks_like_an_answer_is_read_or_refused(text in "([+:$*-][0-9-]{0,3}\r\n){0,12}") {
            let _ = parse(text.as_bytes());
        }
    }
}
