//! Publishes every fact once more, as a relay does after it was killed between publishing and its commit.

use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use futures_util::StreamExt;
use tokio::task::JoinHandle;

/// Marks a copy, so that it is not copied again.
const COPY: &str = "Bescheid-Test-Copy";

pub(crate) fn start(url: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let client = async_nats::connect(url).await.expect("a client");
        let jetstream = jetstream::new(client);
        let stream =
            testkit::until_some("the stream", || async { jetstream.get_stream(events::STREAM).await.ok() })
                .await;
        let config = OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
        let consumer = stream.create_consumer(config).await.expect("a consumer");
        let mut messages = consumer.messages().await.expect("messages");
        while let Some(Ok(message)) = messages.next().await {
            let copied = message.headers.as_ref().is_some_and(|headers| headers.get(COPY).is_some());
            if !copied {
                let mut headers = async_nats::HeaderMap::new();
                headers.insert(COPY, "1");
                let published = jetstream
                    .publish_with_headers(message.subject.clone(), headers, message.payload.clone())
                    .await;
                published.expect("published").await.expect("stored");
            }
        }
    })
}
