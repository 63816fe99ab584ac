//! Logs for people or machines, metrics, and the trace of a request (W3C Trace Context).

use std::convert::Infallible;
use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::OnceLock;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::settings::{Log, LogFormat};

/// Writes this process's log to standard error from here on. Only the first call in a process counts.
///
/// # Errors
/// The filter cannot be parsed; the text is one sentence.
pub fn install(log: &Log) -> Result<(), String> {
    let wanted =
        std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty()).unwrap_or_else(|| log.filter.clone());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| format!("log filter `{wanted}`: {error}"))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The error means that a test or the command around this has installed a subscriber before: that one stays.
    let _ = match log.format {
        LogFormat::People => subscriber.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// The recorder of this operating system process, of which `metrics` permits only one.
pub(crate) fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
    let install = || {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("the list of buckets is not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        handle
    };
    RECORDER.get_or_init(install).clone()
}

/// The trace of a request: from its `traceparent`, or a new one. `Display` writes a `traceparent`, which the facts that
/// the request causes carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Trace {
    pub fn begin() -> Self {
        // Zero is not a valid id in the format.
        Self { trace: rand::random::<u128>().max(1), span: rand::random::<u64>().max(1), sampled: true }
    }

    /// A new span of the same trace.
    #[must_use]
    pub fn next_span(self) -> Self {
        Self { span: rand::random::<u64>().max(1), ..self }
    }

    /// 32 hexadecimal digits, as logs show it.
    pub fn id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

/// Not a `traceparent` of version 00.
#[derive(Debug, thiserror::Error)]
#[error("not a traceparent: expected 00-<32 hex>-<16 hex>-<2 hex>")]
pub struct BadTrace;

impl FromStr for Trace {
    type Err = BadTrace;

    fn from_str(text: &str) -> Result<Self, BadTrace> {
        let hex = |part: &str, length: usize| {
            let good = part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            good.then(|| u128::from_str_radix(part, 16).ok()).flatten().ok_or(BadTrace)
        };
        let mut parts = text.trim().split('-');
        let (Some("00"), Some(trace), Some(span), Some(flags), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadTrace);
        };
        let (trace, span, flags) = (hex(trace, 32)?, hex(span, 16)?, hex(flags, 2)?);
        if trace == 0 || span == 0 {
            return Err(BadTrace);
        }
        let span = u64::try_from(span).map_err(|_| BadTrace)?;
        Ok(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

/// The request's trace; a handler outside [`crate::http::serve`] gets a new one.
impl<S: Sync> FromRequestParts<S> for Trace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_else(Self::begin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_and_written_unchanged() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(text.parse::<Trace>().unwrap().to_string(), text);
        let begun = Trace::begin();
        assert_eq!(begun.to_string().parse::<Trace>().unwrap(), begun);
        assert_eq!(begun.next_span().id(), begun.id());
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for bad in [
            "",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(bad.parse::<Trace>().is_err(), "{bad}");
        }
    }
}
