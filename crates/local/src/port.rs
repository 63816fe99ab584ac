use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use rand::RngExt;

/// A port on which nobody listens, below the range that the kernel uses for outgoing connections: a server that is
/// stopped for a moment (in a fault test) finds its port free when it restarts. While this process lives, no other
/// process gets the same port from this function.
pub fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::rng().random_range(15_000..30_000);
        if reserve(port) && is_free(port)? {
            return Ok(port);
        }
    }
    bail!("no free port between 15000 and 30000 on 127.0.0.1: end some programs")
}

/// A caller starts to listen on its port only later. Until then the UDP port of the same number, which none of our
/// servers uses, marks it as taken; the mark goes with the process, however that ends.
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

/// Fails if somebody else uses the port.
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
