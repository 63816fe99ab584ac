//! One SMTP connection (RFC 5321, with SIZE, 8BITMIME, SMTPUTF8 and PIPELINING).

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::fault::Fault;
use super::shared::Shared;
use super::store::Envelope;

/// RFC 5321, 4.5.3.2.7.
const IDLE: Duration = Duration::from_secs(300);
const LONGEST_COMMAND: usize = 2_048;
const LARGEST_EMAIL: usize = 25 * 1024 * 1024;
const MOST_RECIPIENTS: usize = 100;

struct Session<'a> {
    shared: &'a Arc<Shared>,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
    tarpit: Option<Duration>,
}

/// Whether to read the next command or close the connection.
type Next = io::Result<ControlFlow<()>>;
const GO_ON: Next = Ok(ControlFlow::Continue(()));
const CLOSE: Next = Ok(ControlFlow::Break(()));

/// Serves the client until it leaves or a fault cuts the connection.
pub(super) async fn serve(shared: &Arc<Shared>, socket: TcpStream) -> io::Result<()> {
    // Answers are small, and the client waits for each: filling up packets would cost 40 ms per answer.
    socket.set_nodelay(true)?;
    let (reader, writer) = socket.into_split();
    let tarpit = shared.faults.strike(|fault| matches!(fault, Fault::Tarpit(_))).and_then(pause_of);
    let mut session = Session {
        shared,
        reader: BufReader::new(reader),
        writer,
        greeted: false,
        from: None,
        to: Vec::new(),
        tarpit,
    };
    if shared.faults.strike(|fault| fault == Fault::Refuse421).is_some() {
        return session.say("421 mailbox not available, try later").await;
    }
    session.say("220 mailbox ESMTP").await?;
    while session.command().await?.is_continue() {}
    Ok(())
}

fn pause_of(fault: Fault) -> Option<Duration> {
    match fault {
        Fault::Tarpit(pause) => Some(pause),
        _ => None,
    }
}

#[expect(clippy::disallowed_methods, reason = "the pause is the fault that was asked for")]
async fn pause(time: Option<Duration>) {
    if let Some(time) = time {
        tokio::time::sleep(time).await;
    }
}

impl Session<'_> {
    async fn command(&mut self) -> Next {
        let Ok(line) = timeout(IDLE, self.line(LONGEST_COMMAND)).await else {
            self.say("421 idle for too long").await?;
            return CLOSE;
        };
        let line = line?;
        if line.is_empty() {
            return CLOSE;
        }
        if !line.ends_with(b"\n") {
            self.say("500 line too long").await?;
            return CLOSE;
        }
        let Ok(line) = str::from_utf8(&line) else { return self.reply("500 not UTF-8").await };
        let line = line.trim_end_matches(['\r', '\n']);
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.reset(true);
                self.reply(&format!("250-mailbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {LARGEST_EMAIL}")).await
            }
            "HELO" => {
                self.reset(true);
                self.reply("250 mailbox").await
            }
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.reset(self.greeted);
                self.reply("250 forgotten").await
            }
            "NOOP" => self.reply("250 ok").await,
            "VRFY" => self.reply("252 send and see").await,
            "QUIT" => {
                self.say("221 goodbye").await?;
                CLOSE
            }
            "AUTH" | "STARTTLS" | "EXPN" | "HELP" => self.reply("502 not offered").await,
            _ => self.reply("500 unknown command").await,
        }
    }

    async fn mail(&mut self, rest: &str) -> Next {
        if !self.greeted || self.from.is_some() {
            return self.reply("503 not now").await;
        }
        let Some((from, parameters)) = address(rest, "FROM:") else {
            return self.reply("501 MAIL FROM:<address>").await;
        };
        let announced = parameters
            .split(' ')
            .find_map(|parameter| parameter.to_ascii_uppercase().strip_prefix("SIZE=")?.parse().ok());
        if announced.unwrap_or(0) > LARGEST_EMAIL {
            return self.reply("552 too large").await;
        }
        self.from = Some(from.to_owned());
        self.reply("250 ok").await
    }

    async fn rcpt(&mut self, rest: &str) -> Next {
        if self.from.is_none() {
            return self.reply("503 MAIL first").await;
        }
        let to = match address(rest, "TO:") {
            Some((to, _)) if !to.is_empty() => to.to_owned(),
            _ => return self.reply("501 RCPT TO:<address>").await,
        };
        let faults = &self.shared.faults;
        pause(faults.strike_for(&to, false, |fault| matches!(fault, Fault::Tarpit(_))).and_then(pause_of))
            .await;
        if faults.strike_for(&to, false, |fault| fault == Fault::Refuse421).is_some() {
            self.say("421 mailbox not available, try later").await?;
            return CLOSE;
        }
        match faults.strike_for(&to, true, |fault| {
            matches!(fault, Fault::Temporary451AtRcpt | Fault::Permanent550AtRcpt)
        }) {
            Some(Fault::Temporary451AtRcpt) => self.reply("451 try again later").await,
            Some(_) => self.reply("550 no such mailbox").await,
            None if self.to.len() == MOST_RECIPIENTS => self.reply("452 too many recipients").await,
            None => {
                self.to.push(to);
                self.reply("250 ok").await
            }
        }
    }

    async fn data(&mut self) -> Next {
        if self.to.is_empty() {
            return self.reply("503 RCPT first").await;
        }
        self.say("354 end with a dot on a line of its own").await?;
        if self.strikes(Fault::DropBeforeDot) {
            self.line(LARGEST_EMAIL).await?;
            return CLOSE;
        }
        let Some(source) = self.email().await? else { return CLOSE };
        let (Some(from), to) = (self.from.take(), std::mem::take(&mut self.to)) else { return CLOSE };
        if source.len() > LARGEST_EMAIL {
            return self.reply("552 too large").await;
        }
        let drop_after_dot = to.iter().any(|to| {
            self.shared.faults.strike_for(to, true, |fault| fault == Fault::DropAfterDot).is_some()
        });
        #[expect(
            clippy::disallowed_methods,
            reason = "a mail server stamps what arrives; no decision hangs on it"
        )]
        let envelope = Envelope { from, to, received_at: chrono::Utc::now() };
        let shared = self.shared.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let kept = shared.store.keep(&envelope, &source);
            // Sent here and not after the await, so that an email that is stored is announced even if the connection
            // is cut.
            shared.arrived.send_modify(|count| *count += 1);
            kept
        });
        let kept = kept.await.map_err(io::Error::other)?;
        if drop_after_dot {
            return CLOSE;
        }
        match kept {
            Ok(id) => self.reply(&format!("250 stored as {id}")).await,
            Err(error) => {
                tracing::error!(%error, "cannot store an email");
                self.reply("452 cannot store it, try later").await
            }
        }
    }

    /// Reads up to the final dot, and removes dot-stuffing; `None` if the client left before it. Only CR LF dot CR LF
    /// is the end: accepting a bare LF as a line end would allow SMTP smuggling. Of an email that is too large only
    /// enough is kept to let the caller notice.
    async fn email(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut source = Vec::new();
        let (mut at_line_start, mut after_cr) = (true, false);
        loop {
            let Ok(line) = timeout(IDLE, self.line(64 * 1024)).await else { return Ok(None) };
            let line = line?;
            if line.is_empty() {
                return Ok(None);
            }
            let mut part = line.as_slice();
            if at_line_start {
                if part == b".\r\n" {
                    return Ok(Some(source));
                }
                part = part.strip_prefix(b".").unwrap_or(part);
            }
            // A line longer than the limit may come in parts cut between CR and LF.
            at_line_start = line.ends_with(b"\r\n") || (after_cr && line == b"\n");
            after_cr = line.ends_with(b"\r");
            if source.len() <= LARGEST_EMAIL {
                source.extend_from_slice(part);
            }
        }
    }

    fn strikes(&self, fault: Fault) -> bool {
        self.to.iter().any(|to| self.shared.faults.strike_for(to, true, |armed| armed == fault).is_some())
    }

    fn reset(&mut self, greeted: bool) {
        self.greeted = greeted;
        self.from = None;
        self.to.clear();
    }

    /// Reads up to and including LF; less at the end of the stream or at the limit.
    async fn line(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.reader).take(limit as u64).read_until(b'\n', &mut line).await?;
        Ok(line)
    }

    async fn reply(&mut self, text: &str) -> Next {
        self.say(text).await?;
        GO_ON
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        pause(self.tarpit).await;
        self.writer.write_all(format!("{text}\r\n").as_bytes()).await
    }
}

/// `FROM:<a@b> SIZE=1` → (`a@b`, `SIZE=1`). Refuses blanks and control characters, because the address is written
/// into a header line.
fn address<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let head = rest.get(..keyword.len())?;
    let (address, parameters) = rest.get(keyword.len()..)?.trim_start().strip_prefix('<')?.split_once('>')?;
    let good =
        address.len() <= 254 && !address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '<');
    (head.eq_ignore_ascii_case(keyword) && good).then_some((address, parameters.trim()))
}
