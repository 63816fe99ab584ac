//! Consuming: pull a batch, take it through the gate in one transaction, commit, acknowledge.
//!
//! When a batch fails, each half of it is tried by itself, down to the one fact that is to blame, so
//! that a bad fact never fails its neighbours. What cannot be right is parked; everything else is
//! tried again for ever.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{AckKind, Message};
use events::{Header, STREAM, Service};
use futures_util::future::ready;
use futures_util::{FutureExt, StreamExt};
use tracing::Instrument;
use uuid::Uuid;

use crate::Failure;
use crate::backoff::Backoff;
use crate::context::Context;
use crate::deadline::{IO_DEADLINE, with_deadline};
use crate::gate::{self, Applied, Incoming, Verdict};
use crate::linger;
use crate::parked::{self, Attempt};
use crate::step::{Step, reached};
use crate::subscriptions::{Subscriptions, trace_id};

/// Most facts in one transaction.
const BATCH: usize = 200;
/// How long the broker waits for an acknowledgement before it delivers again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// From this delivery count on a fact is consumed alone, and the attempt is recorded first.
const SUSPECT_DELIVERIES: i64 = 3;

pub(crate) struct Consumer<S> {
    pub context: Arc<Context>,
    pub service: Arc<S>,
    pub subscriptions: Arc<Subscriptions<S>>,
}

impl<S> Clone for Consumer<S> {
    fn clone(&self) -> Self {
        Self {
            context: self.context.clone(),
            service: self.service.clone(),
            subscriptions: self.subscriptions.clone(),
        }
    }
}

impl<S: Send + Sync + 'static> Consumer<S> {
    /// Consumes until shutdown; outlives every outage.
    pub(crate) async fn run(self) {
        if self.subscriptions.sources().is_empty() {
            // A durable without filters would be given everything.
            return self.context.shutdown.cancelled().await;
        }
        let mut epochs = self.context.epoch.subscribe();
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        while !self.context.shutdown.is_cancelled() {
            let epoch = *epochs.borrow_and_update();
            let Some(epoch) = epoch else {
                tokio::select! {
                    _ = epochs.changed() => continue,
                    () = self.context.shutdown.cancelled() => return,
                }
            };
            match self.durable(epoch).await {
                Ok(consumer) => {
                    backoff.reset();
                    self.pull(&consumer, &mut epochs).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot open the durable; trying again");
                    self.context.recheck.notify_one();
                    self.context.pause(backoff.next()).await;
                }
            }
        }
    }

    /// The durable of this service in this epoch. Acknowledgements of an earlier epoch cannot reach it,
    /// since its name differs.
    async fn durable(&self, epoch: u64) -> Result<PullConsumer, String> {
        let filters: Vec<String> = self.subscriptions.sources().into_iter().map(Service::subjects).collect();
        let config = pull::Config {
            durable_name: Some(format!("{}-e{epoch}", self.context.service.name())),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_deliver: -1,
            max_ack_pending: 2_000,
            filter_subjects: filters.clone(),
            ..Default::default()
        };
        let consumer = self
            .context
            .jetstream
            .create_consumer_on_stream(config, STREAM)
            .await
            .map_err(|error| error.to_string())?;
        // A server older than 2.10 ignores the filters silently and would deliver everything.
        let echoed = &consumer.cached_info().config;
        let mut got = echoed.filter_subjects.clone();
        if got.is_empty() && !echoed.filter_subject.is_empty() {
            got.push(echoed.filter_subject.clone());
        }
        got.sort();
        let mut wanted = filters;
        wanted.sort();
        if got != wanted {
            return Err(format!("the server did not take the filters: wanted {wanted:?}, got {got:?}"));
        }
        Ok(consumer)
    }

    async fn pull(&self, consumer: &PullConsumer, epochs: &mut tokio::sync::watch::Receiver<Option<u64>>) {
        let suspected = match with_deadline(IO_DEADLINE, parked::interrupted(&self.context)).await {
            Ok(suspected) => suspected,
            Err(error) => {
                tracing::warn!(%error, "cannot see what earlier processes have died of");
                return self.context.wait_for_postgres().await;
            }
        };
        let messages = consumer
            .stream()
            .max_messages_per_batch(2 * BATCH)
            .heartbeat(Duration::from_secs(5))
            .expires(Duration::from_secs(30))
            .messages()
            .await;
        let mut messages = match messages {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(%error, "cannot pull");
                self.context.recheck.notify_one();
                return self.context.pause(Duration::from_millis(200)).await;
            }
        };
        let mut errors = 0;
        let mut last = 0;
        loop {
            let first = tokio::select! {
                biased;
                () = self.context.shutdown.cancelled() => break,
                _ = epochs.changed() => return,
                first = messages.next() => first,
            };
            let Some(first) = first else { return };
            let mut batch = Vec::with_capacity(BATCH);
            // An error does not end the stream. After two in a row the broker watch checks the stream.
            match first {
                Ok(message) => batch.push(message),
                Err(error) => {
                    errors += 1;
                    tracing::debug!(%error, errors, "the broker does not deliver");
                    if errors >= 2 {
                        self.context.recheck.notify_one();
                        self.context.pause(Duration::from_millis(200)).await;
                    }
                    continue;
                }
            }
            errors = 0;
            // An error here is skipped: if it lasts, it comes again as the first item.
            let more = (&mut messages).filter_map(|item| ready(item.ok())).take(BATCH - 1);
            let is_urgent = |message: &Message| self.subscriptions.is_urgent(&message.subject);
            linger::fill_batch(&mut batch, more, linger::linger_for(last), is_urgent).await;
            last = batch.len();
            self.consume(batch, &suspected).await;
        }
        // What was delivered to this process already is redelivered to another one only after ACK_WAIT.
        let mut rest = Vec::new();
        while let Some(Some(Ok(message))) = messages.next().now_or_never() {
            rest.push(message);
        }
        drop(messages);
        self.consume(rest, &suspected).await;
    }

    /// `suspected`: facts over which an earlier process has crashed. The delivery count alone does not show them: a fact
    /// that was published again is a new message, which counts from 1.
    async fn consume(&self, messages: Vec<Message>, suspected: &HashSet<Uuid>) {
        let mut readable = Vec::with_capacity(messages.len());
        let mut suspects = Vec::new();
        for message in messages {
            match Header::read(&message.payload) {
                Ok(header) => {
                    let incoming = Incoming { header, envelope: message.payload.to_vec() };
                    let deliveries = message.info().map_or(1, |info| info.delivered);
                    let suspect =
                        deliveries >= SUSPECT_DELIVERIES || suspected.contains(&incoming.header.id.uuid());
                    let facts = if suspect { &mut suspects } else { &mut readable };
                    facts.push((message, incoming));
                }
                Err(error) => self.set_aside(message, &error.to_string()).await,
            }
        }
        self.consume_batch(readable).await;
        for (message, incoming) in suspects {
            self.consume_suspect(message, incoming).await;
        }
    }

    /// Consumes facts in one transaction; if that fails, each half by itself, in order.
    async fn consume_batch(&self, facts: Vec<(Message, Incoming)>) {
        let mut parts = vec![&facts[..]];
        while let Some(part) = parts.pop() {
            match part {
                [] => {}
                [(message, incoming)] => self.consume_one(message, incoming).await,
                _ => match self.transact(part.iter().map(|(_, incoming)| incoming.clone()).collect()).await {
                    Ok(applied) => {
                        for ((message, incoming), verdict) in part.iter().zip(&applied.verdicts) {
                            self.count(&incoming.header, *verdict);
                            acknowledge(message).await;
                        }
                        self.release(applied.waiting.into_iter().collect()).await;
                    }
                    Err(failure) => {
                        tracing::debug!(%failure, facts = part.len(), "failed together; each half by itself");
                        // Where Postgres was away, each half would fail for the same reason.
                        self.context.wait_for_postgres().await;
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                    }
                },
            }
        }
    }

    async fn consume_one(&self, message: &Message, incoming: &Incoming) {
        match self.transact(vec![incoming.clone()]).await {
            Ok(applied) => {
                self.count(&incoming.header, applied.verdicts[0]);
                acknowledge(message).await;
                self.release(applied.waiting.into_iter().collect()).await;
            }
            Err(failure) => self.park_or_retry(message, incoming, failure).instrument(incoming.span()).await,
        }
    }

    async fn park_or_retry(&self, message: &Message, incoming: &Incoming, failure: Failure) {
        let failure = match failure {
            Failure::Park(reason) => {
                match with_deadline(IO_DEADLINE, parked::park(&self.context, incoming, &reason)).await {
                    Ok(()) => return acknowledge(message).await,
                    Err(failure) => failure,
                }
            }
            failure => failure,
        };
        self.redeliver_later(message, &failure).await;
    }

    /// Consumes a fact that may have crashed a process before.
    async fn consume_suspect(&self, message: Message, incoming: Incoming) {
        match with_deadline(IO_DEADLINE, parked::attempt(&self.context, &incoming))
            .instrument(incoming.span())
            .await
        {
            Ok(Attempt::Begun) => {
                let id = incoming.header.id;
                self.consume_one(&message, &incoming).await;
                parked::clear_attempt(&self.context, id).await;
            }
            Ok(Attempt::Parked) => acknowledge(&message).await,
            Err(failure) => self.redeliver_later(&message, &failure).instrument(incoming.span()).await,
        }
    }

    /// Consumes the batch in one transaction.
    async fn transact(&self, batch: Vec<Incoming>) -> Result<Applied, Failure> {
        let this = self.clone();
        in_its_own_task(async move {
            let work = async {
                let (mut tx, gates) = gate::open(&this.context, &batch).await?;
                let applied =
                    gate::apply(&mut tx, &*this.service, &this.subscriptions, &batch, &gates).await?;
                reached(Step::Handled).await;
                this.context.commit(tx).await?;
                reached(Step::Consumed).await;
                Ok(applied)
            };
            // A handler may wait for several locks.
            with_deadline(4 * IO_DEADLINE, work).await
        })
        .await
    }

    /// Asks the broker to deliver the message again later. Returns when Postgres answers, so that nothing
    /// more is pulled while it is away.
    async fn redeliver_later(&self, message: &Message, failure: &Failure) {
        let deliveries = message.info().map(|info| info.delivered).unwrap_or(1);
        let failures = u32::try_from(deliveries).unwrap_or(u32::MAX);
        let delay = Backoff::delay(Duration::from_millis(100), Duration::from_secs(10), failures);
        tracing::warn!(%failure, deliveries, ?delay, subject = %message.subject, "not now; later");
        metrics::counter!("bus_retried_total").increment(1);
        if let Err(error) = message.ack_with(AckKind::Nak(Some(delay))).await {
            tracing::debug!(%error, "the refusal did not go out; the broker will deliver again");
        }
        self.context.wait_for_postgres().await;
    }

    async fn set_aside(&self, message: Message, reason: &str) {
        let aside = match Header::read_unknown(&message.payload) {
            Some(unknown) => parked::park_unknown(&self.context, &unknown, &message.payload, reason).await,
            None => {
                parked::unreadable(&self.context, message.subject.as_str(), &message.payload, reason).await
            }
        };
        match aside {
            Ok(()) => acknowledge(&message).await,
            Err(failure) => self.redeliver_later(&message, &failure).await,
        }
    }

    /// Applies the held facts of these keys that are due now, each in a transaction of its own.
    pub(crate) async fn release(&self, keys: Vec<Uuid>) {
        for key in keys {
            // Several units of work, each with its own deadline.
            if let Err(failure) = with_deadline(20 * IO_DEADLINE, self.release_key(key)).await {
                tracing::warn!(%failure, %key, "held facts: not now; the sweep tries again");
            }
        }
    }

    /// Facts of several publishers may be due, and one may need another that comes after it: their order is that of
    /// their ids, which is only as good as the clocks of the publishers. So a fact that fails for now is passed over
    /// until another one of the key has been applied.
    async fn release_key(&self, key: Uuid) -> Result<(), Failure> {
        let (mut waiting, mut not_now) = (Vec::new(), Ok(()));
        while let Some(incoming) = parked::next_due(&self.context, key, &waiting).await? {
            // It may have crashed a process before it was held.
            let attempt = parked::attempt(&self.context, &incoming).instrument(incoming.span()).await?;
            if attempt == Attempt::Parked {
                break;
            }
            let consumed = self.transact(vec![incoming.clone()]).await;
            parked::clear_attempt(&self.context, incoming.header.id).await;
            match consumed {
                Ok(applied) if applied.verdicts[0] != Verdict::Waiting => {
                    self.count(&incoming.header, applied.verdicts[0]);
                    (waiting, not_now) = (Vec::new(), Ok(()));
                }
                Ok(_) => break,
                Err(Failure::Park(reason)) => {
                    parked::park(&self.context, &incoming, &reason).instrument(incoming.span()).await?;
                    break;
                }
                Err(failure) => {
                    waiting.push(incoming.header.id.uuid());
                    not_now = Err(failure);
                }
            }
        }
        not_now
    }

    /// Releases once a second the held facts that are due, in case an earlier attempt failed.
    pub(crate) async fn sweep(self) {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = self.context.sweep_now.notified() => {}
                () = self.context.shutdown.cancelled() => return,
            }
            match with_deadline(IO_DEADLINE, parked::due_keys(&self.context)).await {
                Ok(keys) => self.release(keys).await,
                Err(failure) => tracing::debug!(%failure, "cannot look for held facts"),
            }
        }
    }

    fn count(&self, header: &Header, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Applied => "applied",
            Verdict::Duplicate => "duplicate",
            Verdict::Waiting => "waiting",
        };
        tracing::debug!(
            kind = header.kind.name(), event_id = %header.id, key = %header.key,
            trace_id = trace_id(header.traceparent.as_deref()), verdict, "consumed"
        );
        metrics::counter!("bus_consumed_total", "source" => header.source.name(), "verdict" => verdict)
            .increment(1);
    }
}

/// To be called after the commit. If the acknowledgement is lost, the fact comes again as a duplicate.
async fn acknowledge(message: &Message) {
    if let Err(error) = message.ack().await {
        tracing::debug!(%error, "an acknowledgement did not go out; the fact will come again");
    }
    reached(Step::Acknowledged).await;
}

/// Runs `work` in a task of its own: a panic in it becomes a reason to park, and nothing cancels it half way.
pub(crate) async fn in_its_own_task<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(stopped) if stopped.is_panic() => {
            let panic = stopped.into_panic();
            let message = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(Failure::park(format!("the handler panicked: {message}")))
        }
        Err(_) => Err(Failure::Retry("the process is stopping".to_owned())),
    }
}
