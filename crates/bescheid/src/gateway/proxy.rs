//! The reverse proxy in front of the services.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, HeaderName, TRANSFER_ENCODING, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bus::Backoff;
use chassis::session::typed;
use chassis::{Problem, ProblemKind};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How long a request waits for a service that is down or does not answer. Shorter than the gateway's own time-out, so
/// that the person gets a precise message.
const FORWARD_DEADLINE: Duration = Duration::from_secs(25);

/// Most requests that wait for one service at a time. All services together have fewer places than the gateway, so that
/// one that hangs takes nothing from the others, nor from the gateway's own pages.
const PLACES: usize = 128;

/// Forwards requests to the services.
#[derive(Clone)]
pub struct Proxy {
    services: Arc<BTreeMap<&'static str, Backend>>,
    client: Client<HttpConnector, Body>,
    forward_deadline: Duration,
}

/// A service behind the proxy.
struct Backend {
    address: SocketAddr,
    places: Semaphore,
}

impl Proxy {
    /// `addresses`: from path prefix (such as `/apply`) to the address of the service.
    pub fn to(addresses: BTreeMap<&'static str, SocketAddr>) -> Self {
        let backend = |address| Backend { address, places: Semaphore::new(PLACES) };
        let services = addresses.into_iter().map(|(prefix, address)| (prefix, backend(address))).collect();
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // Before the service closes it (`[http] header_seconds`).
            .pool_idle_timeout(Duration::from_secs(5))
            .build(connector);
        Self { services: Arc::new(services), client, forward_deadline: FORWARD_DEADLINE }
    }

    fn service(&self, path: &str) -> Option<&Backend> {
        let first = path.split('/').nth(1)?;
        self.services.iter().find(|(prefix, _)| &prefix[1..] == first).map(|(_, service)| service)
    }

    /// Sends the request, and retries while the service is down. This is safe even for a request that broke half way, since
    /// every write in Bescheid can be repeated (idempotency keys, states).
    async fn send(&self, service: &Backend, parts: &Parts, body: &Bytes) -> Result<Response, Problem> {
        let Ok(_place) = service.places.try_acquire() else {
            return Err(Problem::new(ProblemKind::Overloaded));
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri: Uri = format!("http://{}{path}", service.address).parse().map_err(Problem::internal)?;
        let deadline = Instant::now() + self.forward_deadline;
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(250));
        let mut perhaps_taken = false;
        loop {
            let mut request = Request::new(Body::from(body.clone()));
            *request.method_mut() = parts.method.clone();
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = parts.headers.clone();
            let Ok(answered) = timeout_at(deadline, self.client.request(request)).await else {
                tracing::warn!(method = %parts.method, path, "the service took the request and does not answer");
                return Err(perhaps_done());
            };
            let error = match answered {
                Ok(response) => return Ok(response.map(Body::new)),
                Err(error) => error,
            };
            // If no connection could be made, nothing has changed, and the person is told so.
            perhaps_taken |= !error.is_connect() && !parts.method.is_safe();
            let pause = backoff.next();
            if Instant::now() + pause >= deadline {
                return Err(if perhaps_taken { perhaps_done() } else { Problem::unavailable(error) });
            }
            tracing::debug!(%error, path, "the service is away; holding the request");
            wait(pause).await;
        }
    }
}

fn perhaps_done() -> Problem {
    Problem::new(ProblemKind::TimedOut).detail("the work may still complete: look before repeating it")
}

#[expect(clippy::disallowed_methods, reason = "back-off between attempts to reach a service that restarts")]
async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// Forwards a request to the service that owns its prefix.
pub async fn pass(State(proxy): State<Proxy>, request: Request) -> Result<Response, Problem> {
    let Some(service) = proxy.service(request.uri().path()) else {
        return Err(Problem::not_found());
    };
    let (mut parts, body) = request.into_parts();
    without_hop_by_hop(&mut parts.headers);
    // Read in full, so that it can be sent again. A layer around this limits its size.
    let body = body.collect().await.map_err(|_| Problem::new(ProblemKind::TooLarge))?.to_bytes();
    let mut response = match proxy.send(service, &parts, &body).await {
        // The error page shows what was typed, no matter whether the service or this proxy reports the failure.
        Ok(response) if let Some(kind) = gone_wrong(response.status()) => {
            match typed(&parts.headers, &body) {
                Some(fields) => return Err(Problem { typed: Some(Box::new(fields)), ..Problem::new(kind) }),
                None => response,
            }
        }
        Ok(response) => response,
        Err(problem) => {
            let typed = typed(&parts.headers, &body).map(Box::new);
            return Err(Problem { typed, ..problem });
        }
    };
    without_hop_by_hop(response.headers_mut());
    Ok(response)
}

/// The problem behind a status whose page would lose what was typed.
fn gone_wrong(status: StatusCode) -> Option<ProblemKind> {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Some(ProblemKind::Unavailable),
        StatusCode::GATEWAY_TIMEOUT => Some(ProblemKind::TimedOut),
        StatusCode::INTERNAL_SERVER_ERROR => Some(ProblemKind::Internal),
        _ => None,
    }
}

/// Removes the headers that concern one connection only (RFC 9110, 7.6.1).
fn without_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&[CONNECTION, TRANSFER_ENCODING, UPGRADE]) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// The problem of a write to this service, with a short deadline.
    async fn refused(service: SocketAddr) -> ProblemKind {
        let mut proxy = Proxy::to(BTreeMap::from([("/review", service)]));
        proxy.forward_deadline = Duration::from_millis(200);
        let request = Request::builder().method(Method::POST).uri("/review/api/next");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let service = proxy.service(parts.uri.path()).unwrap();
        let body = Bytes::new();
        let sent = tokio::time::timeout(Duration::from_secs(10), proxy.send(service, &parts, &body));
        sent.await.expect("an answer").unwrap_err().kind
    }

    #[tokio::test]
    async fn a_service_that_never_answers_is_not_waited_for_for_ever() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (kind, taken) = tokio::join!(refused(silent.local_addr().unwrap()), silent.accept());
        assert!(taken.is_ok());
        assert_eq!(kind, ProblemKind::TimedOut);
    }

    #[tokio::test]
    async fn a_service_that_hangs_takes_nothing_from_the_others() {
        let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let well = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [("/review", &hanging), ("/award", &well)];
        let addresses = addresses.map(|(prefix, service)| (prefix, service.local_addr().unwrap()));
        let proxy = Proxy::to(addresses.into());
        let get = |path: &'static str| {
            let (proxy, request) = (proxy.clone(), Request::builder().uri(path).body(Body::empty()).unwrap());
            tokio::spawn(async move { pass(State(proxy), request).await.map_err(|problem| problem.kind) })
        };
        let waiting: Vec<_> = (0..PLACES).map(|_| get("/review/x")).collect();
        let all_wait = async || proxy.service("/review").unwrap().places.available_permits();
        testkit::until("all places are taken", all_wait, |left| *left == 0).await;

        assert_eq!(get("/review/x").await.unwrap().unwrap_err(), ProblemKind::Overloaded);
        let other = get("/award/x");
        let (mut socket, _) = well.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert_eq!(other.await.unwrap().unwrap().status(), StatusCode::NO_CONTENT);
        for one in waiting {
            one.abort();
        }
        testkit::until("they are free", all_wait, |left| *left == PLACES).await;
    }

    #[tokio::test]
    async fn a_service_that_is_away_has_changed_nothing() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert_eq!(refused(gone).await, ProblemKind::Unavailable);
    }

    #[tokio::test]
    async fn a_write_that_broke_half_way_may_have_been_done() {
        let breaking = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = breaking.local_addr().unwrap();
        let taken_once = async {
            let (mut socket, _) = breaking.accept().await.unwrap();
            assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0);
            drop((socket, breaking));
        };
        let (kind, ()) = tokio::join!(refused(address), taken_once);
        assert_eq!(kind, ProblemKind::TimedOut);
    }
}
