//! A connection of the pool that is given up when it does not answer.
//!
//! A network may swallow what is sent and keep the connection open, for hours. The kernel's own
//! time-outs do not help where something in between (a proxy, a pooler) acknowledges the bytes.
//! So every answer is waited for, for a while; a connection that gave none is closed and not
//! used again, because nobody knows what it would answer next. Whether its last step happened
//! is as unknown as after any lost connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::{BACKEND, CONNECTIONS, Postgres, explained};
use crate::error::StoreError;
use crate::sql::failure::{code, says_gone};
use crate::sql::statement::{Row, Statement, Value, array, bind};

/// How many connections of the pool may be dead.
///
/// A server that started again has ended all of them, and each would fail whoever has it next.
/// So after one that was lost each is asked before it is used.
#[derive(Debug, Clone, Default)]
pub(super) struct Suspects(Arc<AtomicU32>);

impl Suspects {
    /// One was lost: all may be.
    fn raise(&self) {
        self.0.store(CONNECTIONS, Ordering::Relaxed);
    }

    /// Whether the next one has to be asked.
    pub(super) fn take(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.is_ok()
    }
}

/// Whether an error says that the connection is gone, and not only that a statement failed.
fn is_lost(error: &sqlx::Error) -> bool {
    code(error).is_none_or(|code| says_gone(&code))
}

/// A connection, until it is dropped.
pub(super) struct Connection {
    inner: PoolConnection<sqlx::Postgres>,
    doing: &'static str,
    answer_within: Duration,
    suspects: Suspects,
    /// Something was said that has not been answered to its end.
    is_waiting: bool,
}

impl Connection {
    pub(super) async fn of(
        store: &Postgres,
        doing: &'static str,
        answer_within: Duration,
    ) -> Result<Self, StoreError> {
        let inner = store
            .pool
            .acquire()
            .await
            .map_err(|error| explained(doing, &error))?;
        Ok(Self {
            inner,
            doing,
            answer_within,
            suspects: store.suspects.clone(),
            is_waiting: false,
        })
    }

    /// Says something, and waits for the answer.
    pub(super) async fn ask<A>(
        &mut self,
        question: impl AsyncFnOnce(&mut PgConnection) -> Result<A, sqlx::Error>,
    ) -> Result<A, StoreError> {
        self.is_waiting = true;
        let answer = timeout(self.answer_within, question(&mut self.inner)).await;
        let Ok(answer) = answer else {
            return Err(self.silent());
        };
        self.is_waiting = false;
        answer.map_err(|error| self.failed(&error))
    }

    /// Says one of the words of transactions.
    async fn say(&mut self, word: &'static str) -> Result<(), StoreError> {
        self.ask(async |inner| sqlx::raw_sql(word).execute(inner).await)
            .await
            .map(|_| ())
    }

    /// The rows of a statement. However many there are, each has to come in time.
    pub(super) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.is_waiting = true;
        let mut rows = Vec::new();
        {
            let mut answer = bind!(statement.postgres, values, array).fetch(&mut *self.inner);
            loop {
                match timeout(self.answer_within, answer.try_next()).await {
                    Ok(Ok(Some(row))) => rows.push(Row::Postgres(row)),
                    Ok(Ok(None)) => break,
                    Ok(Err(error)) => {
                        drop(answer);
                        self.is_waiting = false;
                        return Err(self.failed(&error));
                    }
                    Err(_) => {
                        drop(answer);
                        return Err(self.silent());
                    }
                }
            }
        }
        self.is_waiting = false;
        Ok(rows)
    }

    fn failed(&self, error: &sqlx::Error) -> StoreError {
        if is_lost(error) {
            self.suspects.raise();
        }
        explained(self.doing, error)
    }

    fn silent(&self) -> StoreError {
        self.suspects.raise();
        let text = format!(
            "the server did not answer within {} s; the connection is given up",
            self.answer_within.as_secs()
        );
        StoreError::backend(BACKEND, self.doing, text)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_waiting {
            // The pool would wait for its answer, and never have it back.
            self.inner.close_on_drop();
            return;
        }
        // The pool asks once more whether it is there before it takes it back, and would wait
        // for that answer for ever, too. A future that is dropped makes room for another one.
        let returned = self.inner.return_to_pool();
        let (answer_within, suspects) = (self.answer_within, self.suspects.clone());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if timeout(answer_within, returned).await.is_err() {
                    suspects.raise();
                }
            });
        }
    }
}

/// A transaction.
pub(crate) struct Step {
    /// There until it ends.
    connection: Option<Connection>,
    doing: &'static str,
}

impl Step {
    pub(super) async fn begin(mut connection: Connection) -> Result<Self, StoreError> {
        connection.say("BEGIN").await?;
        Ok(Self {
            doing: connection.doing,
            connection: Some(connection),
        })
    }

    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let doing = self.doing;
        let connection = self.connection.as_mut();
        connection.ok_or_else(|| StoreError::backend(BACKEND, doing, "this step has ended"))
    }

    pub(in crate::sql) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        if statement.postgres.is_empty() {
            return Ok(Vec::new());
        }
        self.connection()?.rows(statement, values).await
    }

    pub(in crate::sql) async fn run(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        if statement.postgres.is_empty() {
            return Ok(0);
        }
        let query = bind!(statement.postgres, values, array);
        let done = self
            .connection()?
            .ask(async |inner| query.execute(inner).await)
            .await?;
        Ok(done.rows_affected())
    }

    pub(in crate::sql) async fn commit(mut self) -> Result<(), StoreError> {
        self.connection()?.say("COMMIT").await?;
        self.connection = None;
        Ok(())
    }

    pub(in crate::sql) async fn undo(mut self) -> Result<(), StoreError> {
        self.connection()?.say("ROLLBACK").await?;
        self.connection = None;
        Ok(())
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if connection.is_waiting {
            return;
        }
        // It is undone a moment later; a connection that does not answer even that is closed.
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move { connection.say("ROLLBACK").await });
            }
            Err(_) => connection.is_waiting = true,
        }
    }
}
