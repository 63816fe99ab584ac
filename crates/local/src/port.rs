//! Ports on 127.0.0.1.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use rand::RngExt;

/// A port nobody listens on now, below the range the kernel hands to outgoing connections:
/// a server that is away for a moment (a fault test) finds its port free when it comes back. No other
/// process of this kind is given it while this one lives.
pub fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::rng().random_range(15_000..30_000);
        if reserve(port) && is_free(port)? {
            return Ok(port);
        }
    }
    bail!("no free port between 15000 and 30000 on 127.0.0.1: end some programs")
}

/// Whoever chooses a port listens there only later. Until then the UDP port of the same number, which none of our
/// servers uses, says that it is taken; it goes with the process, however that ends.
fn reserve(port: u16) -> bool {
    static RESERVED: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());
    let Ok(held) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) else { return false };
    RESERVED.lock().unwrap_or_else(PoisonError::into_inner).push(held);
    true
}

/// Whether a server could listen there.
pub(crate) fn is_free(port: u16) -> Result<bool> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => Ok(false),
        Err(error) => bail!("cannot listen on 127.0.0.1:{port}: {error}"),
    }
}

/// Refuses a port that somebody else has.
pub(crate) fn ensure_free(port: u16, what: &str) -> Result<()> {
    if !is_free(port)? {
        bail!(
            "port {port} for {what} is in use by another program (or needs more rights): end that program or choose another port"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{free_port, reserve};

    #[test]
    fn a_chosen_port_is_nobody_elses() {
        let port = free_port().expect("a free port");
        assert!(!reserve(port));
    }
}
