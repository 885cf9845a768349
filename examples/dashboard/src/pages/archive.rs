//! Everything as one file: an account for its owner, the instance for whoever runs it.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use threads_client::UserId;
use threads_monitor::archive::{ArchiveError, ExportOptions, back_up, export_account};
use tokio::sync::mpsc;

use crate::app::AppState;
use crate::problem::Problem;

/// So many pieces may wait for a slow browser: this bounds the memory.
const PIECES: usize = 8;

/// Everything that is kept about an account, as a ZIP file that is made while it is sent.
pub(crate) async fn export(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let monitor = state.settings.monitor.clone();
    let account = super::account(&monitor, &UserId::new(id)).await?;
    let now = monitor.now();
    let name = format!(
        "threads-{}-{}.zip",
        account.handle().trim_start_matches('@'),
        account.zone.date(now)
    );
    let (pipe, pieces) = pipe();
    let making = async move {
        let options = ExportOptions {
            byte_order_mark: true,
        };
        let storage = monitor.storage();
        export_account(storage, &account.user, options, now, pipe, |_| {}).await?;
        Ok(())
    };
    Ok(download(&name, making, pieces))
}

/// A copy of all stores, unless it would give away access tokens.
pub(crate) async fn backup(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    let monitor = state.settings.monitor.clone();
    if !can_back_up(&state) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "The backup is not sent to a browser",
            "It would hold access tokens in plain text, because this installation does not encrypt them, and these pages have no login.",
        )
        .and("Make it on the machine itself: end this program, and run threads-dashboard backup FILE."));
    }
    let now = monitor.now();
    let name = format!("threads-backup-{}.zip", now.format("%Y-%m-%d-%H%M"));
    let (pipe, pieces) = pipe();
    let making = async move {
        back_up(monitor.storage(), now, pipe, |_| {}).await?;
        Ok(())
    };
    Ok(download(&name, making, pieces))
}

/// Whether the tokens are sealed, so that a backup is of no use without the keys.
pub(crate) fn can_back_up(state: &AppState) -> bool {
    state.settings.monitor.storage().tokens.beneath().is_some()
}

/// The end into which the file is written, by a thread that may wait.
struct Pipe(mpsc::Sender<Vec<u8>>);

fn pipe() -> (Pipe, mpsc::Receiver<Vec<u8>>) {
    let (send, pieces) = mpsc::channel(PIECES);
    (Pipe(send), pieces)
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .blocking_send(bytes.to_vec())
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Making = Pin<Box<dyn Future<Output = Result<(), ArchiveError>> + Send>>;

/// A file on its way. It is made as fast as it is read; a browser that goes away ends it.
struct Download {
    /// `None` once it has ended.
    making: Option<Making>,
    pieces: mpsc::Receiver<Vec<u8>>,
}

impl Download {
    async fn next(mut self) -> Option<(io::Result<Vec<u8>>, Self)> {
        let Some(making) = &mut self.making else {
            let piece = self.pieces.recv().await?;
            return Some((Ok(piece), self));
        };
        let ended = tokio::select! {
            biased;
            Some(piece) = self.pieces.recv() => return Some((Ok(piece), self)),
            ended = making => ended,
        };
        self.making = None;
        match ended {
            Ok(()) => {
                let piece = self.pieces.recv().await?;
                Some((Ok(piece), self))
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a file for download could not be made"
                );
                // The connection breaks, so that nobody takes it for a whole file.
                let broken = io::Error::other("the file could not be made");
                Some((Err(broken), self))
            }
        }
    }
}

fn download(
    name: &str,
    making: impl Future<Output = Result<(), ArchiveError>> + Send + 'static,
    pieces: mpsc::Receiver<Vec<u8>>,
) -> Response {
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let body = Download {
        making: Some(Box::pin(making)),
        pieces,
    };
    (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/zip"),
            ),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        Body::from_stream(stream::unfold(body, Download::next)),
    )
        .into_response()
}
