use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use events::{Event, EventId, Fact, Kind, Service};
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::{Failure, Tx};

/// A function that consumes facts of type `F`. Every
/// `async fn(&S, &mut Tx, &Event<F>) -> Result<(), Failure>` is one.
pub trait Handler<'a, S, F: Fact>: Send + Sync {
    type Future: Future<Output = Result<(), Failure>> + Send + 'a;
    fn handle(&self, service: &'a S, tx: &'a mut Tx, event: &'a Event<F>) -> Self::Future;
}

impl<'a, S: 'a, F: Fact, Function, Returned> Handler<'a, S, F> for Function
where
    Function: Fn(&'a S, &'a mut Tx, &'a Event<F>) -> Returned + Send + Sync,
    Returned: Future<Output = Result<(), Failure>> + Send + 'a,
{
    type Future = Returned;
    fn handle(&self, service: &'a S, tx: &'a mut Tx, event: &'a Event<F>) -> Returned {
        self(service, tx, event)
    }
}

/// A function that consumes several facts of type `F` at once, each about another application. Every
/// `async fn(&S, &mut Tx, &[Event<F>]) -> Result<(), Failure>` is one.
///
/// Where it fails, none of them takes effect, and the bus finds out which one was to blame.
pub trait BatchHandler<'a, S, F: Fact>: Send + Sync {
    type Future: Future<Output = Result<(), Failure>> + Send + 'a;
    fn handle(&self, service: &'a S, tx: &'a mut Tx, events: &'a [Event<F>]) -> Self::Future;
}

impl<'a, S: 'a, F: Fact, Function, Returned> BatchHandler<'a, S, F> for Function
where
    Function: Fn(&'a S, &'a mut Tx, &'a [Event<F>]) -> Returned + Send + Sync,
    Returned: Future<Output = Result<(), Failure>> + Send + 'a,
{
    type Future = Returned;
    fn handle(&self, service: &'a S, tx: &'a mut Tx, events: &'a [Event<F>]) -> Returned {
        self(service, tx, events)
    }
}

/// The span whose fields stand in each log line about a fact.
pub(crate) fn fact_span(kind: Kind, id: EventId, key: Uuid, traceparent: Option<&str>) -> Span {
    tracing::info_span!("fact", kind = kind.name(), event_id = %id, %key, trace_id = trace_id(traceparent))
}

/// The trace id of the request that caused a fact; empty where no request did, e.g. where a deadline passed.
pub(crate) fn trace_id(traceparent: Option<&str>) -> &str {
    // 00-<trace id>-<span id>-<flags>
    traceparent.and_then(|text| text.split('-').nth(1)).unwrap_or_default()
}

fn span<F: Fact>(event: &Event<F>) -> Span {
    fact_span(F::KIND, event.id, event.key.into(), event.traceparent.as_deref())
}

type HandlerFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;
type Dispatch<S> = Arc<dyn for<'a> Fn(&'a S, &'a mut Tx, &'a [&'a [u8]]) -> HandlerFuture<'a> + Send + Sync>;

/// The registry of a service: which function consumes which fact.
pub struct Subscriptions<S> {
    handlers: BTreeMap<Kind, Dispatch<S>>,
    /// What is handled and not only noted.
    urgent: BTreeSet<Kind>,
    pub(crate) description: Option<&'static str>,
    pub(crate) census: Option<&'static str>,
}

impl<S> Clone for Subscriptions<S> {
    fn clone(&self) -> Self {
        Self {
            handlers: self.handlers.clone(),
            urgent: self.urgent.clone(),
            description: self.description,
            census: self.census,
        }
    }
}

impl<S: Send + Sync + 'static> Default for Subscriptions<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Send + Sync + 'static> Subscriptions<S> {
    /// Without any handler.
    pub fn new() -> Self {
        Self { handlers: BTreeMap::new(), urgent: BTreeSet::new(), description: None, census: None }
    }

    /// Facts of type `F` go to `handler`.
    #[must_use]
    pub fn on<F, H>(mut self, handler: H) -> Self
    where
        F: Fact,
        H: for<'a> Handler<'a, S, F> + 'static,
    {
        let handler = Arc::new(handler);
        let dispatch: Dispatch<S> = Arc::new(move |service, tx, envelopes| {
            let handler = handler.clone();
            Box::pin(async move {
                for bytes in envelopes {
                    let event = Event::<F>::read(bytes)?;
                    handler.handle(service, tx, &event).instrument(span(&event)).await?;
                }
                Ok(())
            })
        });
        self.handlers.insert(F::KIND, dispatch);
        self.urgent.insert(F::KIND);
        self
    }

    /// Facts of type `F` go to `handler`, all of one batch at once.
    #[must_use]
    pub fn on_many<F, H>(self, handler: H) -> Self
    where
        F: Fact,
        H: for<'a> BatchHandler<'a, S, F> + 'static,
    {
        let mut all = self.note_many(handler);
        all.urgent.insert(F::KIND);
        all
    }

    /// As [`on_many`](Self::on_many), for facts that are only noted: nobody waits for what becomes of them. They may wait
    /// some milliseconds for others, so that what somebody waits for goes first, and several share a transaction.
    #[must_use]
    pub fn note_many<F, H>(mut self, handler: H) -> Self
    where
        F: Fact,
        H: for<'a> BatchHandler<'a, S, F> + 'static,
    {
        let handler = Arc::new(handler);
        let dispatch: Dispatch<S> = Arc::new(move |service, tx, envelopes| {
            let handler = handler.clone();
            Box::pin(async move {
                let events = envelopes.iter().map(|bytes| Event::<F>::read(bytes));
                let events = events.collect::<Result<Vec<_>, _>>()?;
                // Where several fail together each is consumed again by itself, so that a failure names its fact.
                let span = match &events[..] {
                    [event] => span(event),
                    _ => tracing::info_span!("facts", kind = F::KIND.name(), count = events.len()),
                };
                handler.handle(service, tx, &events).instrument(span).await
            })
        });
        self.handlers.insert(F::KIND, dispatch);
        self
    }

    /// The SQL statement that shows operators what the service knows of one application: `$1` is its id,
    /// the result one row with one JSON value.
    #[must_use]
    pub fn describe(mut self, statement: &'static str) -> Self {
        self.description = Some(statement);
        self
    }

    /// The SQL statement that counts the service's applications by state: rows of (text, bigint).
    #[must_use]
    pub fn census(mut self, statement: &'static str) -> Self {
        self.census = Some(statement);
        self
    }

    /// The kinds that have a handler.
    pub fn kinds(&self) -> Vec<Kind> {
        self.handlers.keys().copied().collect()
    }

    /// Whether somebody may wait for what becomes of a fact with this subject. Nobody does if it has no handler.
    pub(crate) fn is_urgent(&self, subject: &str) -> bool {
        Kind::from_subject(subject).is_none_or(|kind| self.urgent.contains(&kind))
    }

    /// The services whose facts are consumed. All facts of a source pass the gate, with or without a
    /// handler: without them its versions would have gaps.
    pub fn sources(&self) -> BTreeSet<Service> {
        self.handlers.keys().map(|kind| kind.service()).collect()
    }

    /// Hands facts of one kind, each about another key, to their handler.
    pub(crate) async fn dispatch(
        &self,
        service: &S,
        tx: &mut Tx,
        kind: Kind,
        envelopes: &[&[u8]],
    ) -> Result<(), Failure> {
        match self.handlers.get(&kind) {
            Some(dispatch) => dispatch(service, tx, envelopes).await,
            None => Ok(()),
        }
    }
}
