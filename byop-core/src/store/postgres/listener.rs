//! The connection that hears of changes, whichever process made them.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Config};

use super::tls::Tls;

/// What writers tell each other. A notice is delivered when its transaction commits, and never when it does not.
pub(super) const NOTIFY_AND_COMMIT: &str = "NOTIFY byop_changes; COMMIT";
const LISTEN: &str = "LISTEN byop_changes";

const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Listens as long as it lives.
#[derive(Debug)]
pub(super) struct Listener {
    changes: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(super) fn start(config: Config, tls: Tls) -> Self {
        let changes = watch::Sender::new(1);
        let task = tokio::spawn(listen(config, tls, changes.clone()));
        Self { changes, task }
    }

    /// Waits until the count of changes is above `seen`, but no longer than `patience`, and gives it.
    pub(super) async fn wait(&self, seen: u64, patience: Duration) -> u64 {
        let mut changes = self.changes.subscribe();
        let waited = timeout(patience, changes.wait_for(|count| *count > seen)).await;
        match waited {
            Ok(Ok(count)) => *count,
            _ => *self.changes.borrow(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(config: Config, tls: Tls, changes: watch::Sender<u64>) {
    let mut pause = Duration::from_millis(50);
    loop {
        if hear(&config, &tls, &changes).await.is_ok() {
            pause = Duration::from_millis(50);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Hears until the connection is lost. `Ok` when there was one.
async fn hear(config: &Config, tls: &Tls, changes: &watch::Sender<u64>) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = config.connect(tls.clone()).await?;
    let mut listening = pin!(client.batch_execute(LISTEN));
    let mut is_listening = false;
    loop {
        tokio::select! {
            answer = &mut listening, if !is_listening => {
                answer?;
                is_listening = true;
                // What happened before, or while there was no connection, was not heard.
                changes.send_modify(|count| *count += 1);
            }
            message = poll_fn(|cx| connection.poll_message(cx)) => match message {
                Some(Ok(AsyncMessage::Notification(_))) => changes.send_modify(|count| *count += 1),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(()),
            }
        }
    }
}
