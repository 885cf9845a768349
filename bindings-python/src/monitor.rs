//! The monitor, and the storage that it works on.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use threads_client::{Client, PostId, Scope, UserId};
use threads_monitor::publishing::{Decision, NewPost};
use threads_monitor::seal::KeyFile;
use threads_monitor::snapshot_store::{Metric, Subject};
use threads_monitor::{Monitor, MonitorError, MonitorHandle, Storage, StoreError};

use crate::arguments::{self, Instant, Texts, job, named, url};
use crate::call::Call;
use crate::draft::PyDraft;
use crate::due::DueTime;
use crate::error::{ToException, invalid};
use crate::models::ToPython;
use crate::runtime::{self, guard};
use crate::secrets::PyTokenGrant;

/// The three stores that a monitor works on.
#[pyclass(frozen, name = "Storage", module = "threads_monitor")]
pub(crate) struct PyStorage(Opened);

/// A storage with the address that it was opened at, without any password.
#[derive(Clone)]
struct Opened {
    storage: Storage,
    address: String,
}

#[pymethods]
impl PyStorage {
    /// Opens the stores at an address, and waits for it.
    #[staticmethod]
    #[pyo3(signature = (address, *, key_file=None))]
    fn open(py: Python<'_>, address: String, key_file: Option<PathBuf>) -> PyResult<Py<PyAny>> {
        guard(|| opening(address, key_file).wait(py))
    }

    /// Opens the stores at an address, inside asyncio.
    #[staticmethod]
    #[pyo3(signature = (address, *, key_file=None))]
    fn open_async(address: String, key_file: Option<PathBuf>) -> PyResult<Call> {
        guard(|| Ok(opening(address, key_file)))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| {
            Ok(format!(
                "Storage.open({})",
                self.0.address.to_python(py)?.repr()?
            ))
        })
    }
}

fn opening(address: String, key_file: Option<PathBuf>) -> Call {
    Call::new(async move {
        let mut storage = Storage::open(&address).await?;
        if let Some(path) = key_file {
            let file = KeyFile::new(path);
            file.make_for(&*storage.tokens).await?;
            storage = storage.sealed(file).await?;
        }
        let address = shown(address);
        Ok::<_, StoreError>(Opened { storage, address })
    })
}

/// An address without what may be a password.
fn shown(address: String) -> String {
    match address.split_once(':') {
        Some((scheme @ ("postgres" | "postgresql"), _)) => format!("{scheme}:…"),
        _ => address,
    }
}

impl ToPython for Opened {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, PyStorage(self.clone()))?.into_any())
    }
}

/// The monitor beneath `Monitor` and `AsyncMonitor`.
#[pyclass(frozen, name = "Monitor", module = "threads_monitor._native")]
pub(crate) struct PyMonitor {
    monitor: Monitor,
    handle: Mutex<Option<MonitorHandle>>,
}

impl PyMonitor {
    /// An operation of the monitor.
    pub(crate) fn call<T, W, F>(&self, work: W) -> PyResult<Call>
    where
        T: ToPython + Send + 'static,
        W: FnOnce(Monitor) -> F,
        F: Future<Output = Result<T, MonitorError>> + Send + 'static,
    {
        guard(|| Ok(Call::new(work(self.monitor.clone()))))
    }
}

impl Drop for PyMonitor {
    fn drop(&mut self) {
        if runtime::is_forked() {
            // Its locks may be held for ever by threads that do not exist here.
            std::mem::forget(self.handle.get_mut().map(Option::take));
        }
    }
}

#[pymethods]
impl PyMonitor {
    #[new]
    fn new(py: Python<'_>, storage: &PyStorage, base_url: Option<&str>) -> PyResult<Self> {
        guard(|| {
            let mut builder = Monitor::builder(storage.0.storage.clone());
            if let Some(base_url) = base_url {
                let client = Client::builder()
                    .base_url(url(py, "base_url", base_url)?)
                    .build()
                    .map_err(|error| error.to_exception(py))?;
                builder = builder.client(client);
            }
            let monitor = builder.build().map_err(|error| error.to_exception(py))?;
            Ok(Self {
                monitor,
                handle: Mutex::new(None),
            })
        })
    }

    fn connect(
        &self,
        grant: &PyTokenGrant,
        scopes: Texts,
        expected: Option<String>,
    ) -> PyResult<Call> {
        let grant = grant.0.clone();
        self.call(|monitor| async move {
            let scopes: Vec<Scope> = scopes.names();
            match expected {
                Some(user) => {
                    monitor
                        .connect_as(&UserId::new(user), &grant, &scopes)
                        .await
                }
                None => monitor.connect(&grant, &scopes).await,
            }
        })
    }

    fn disconnect(&self, user_id: String) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.disconnect(&UserId::new(user_id)).await })
    }

    fn accounts(&self) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.accounts().await })
    }

    fn account(&self, user_id: String) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.account(&UserId::new(user_id)).await })
    }

    fn set_zone(&self, py: Python<'_>, user_id: String, zone: &str) -> PyResult<Call> {
        guard(|| {
            let zone = arguments::zone(py, zone)?;
            self.call(|monitor| async move { monitor.set_zone(&UserId::new(user_id), zone).await })
        })
    }

    fn series(
        &self,
        py: Python<'_>,
        user_id: String,
        metric: &str,
        since: Instant,
        until: Instant,
        post_id: Option<String>,
    ) -> PyResult<Call> {
        guard(|| {
            let metric = Metric::from_name(metric)
                .ok_or_else(|| invalid(py, "metric", "is not a number that the monitor keeps"))?;
            let subject = post_id.map_or(Subject::Account, |id| Subject::Post(PostId::new(id)));
            self.call(|monitor| async move {
                let user = UserId::new(user_id);
                monitor
                    .series(&user, subject, metric, since.0, until.0)
                    .await
            })
        })
    }

    fn recent_posts(&self, user_id: String, limit: usize) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.recent_posts(&UserId::new(user_id), limit).await })
    }

    fn collect_now(&self, user_id: String) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.collect_now(&UserId::new(user_id)).await })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the keyword arguments of `schedule`"
    )]
    fn schedule(
        &self,
        py: Python<'_>,
        user_id: String,
        draft: &PyDraft,
        at: DueTime,
        zone: Option<&str>,
        idempotency_key: Option<String>,
        max_lateness: Option<Duration>,
        unless_warned: bool,
    ) -> PyResult<Call> {
        guard(|| {
            let due = at.due(py, zone)?;
            let mut post = NewPost::new(UserId::new(user_id), draft.0.clone(), due);
            post.idempotency_key = idempotency_key;
            post.max_lateness = max_lateness;
            post.unless_warned = unless_warned;
            self.call(|monitor| async move { monitor.schedule(post).await })
        })
    }

    fn scheduled(&self, py: Python<'_>, post_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "post_id", post_id)?;
            self.call(|monitor| async move { monitor.scheduled(&id).await })
        })
    }

    fn scheduled_posts(&self, user_id: String) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.scheduled_posts(&UserId::new(user_id)).await })
    }

    fn cancel(&self, py: Python<'_>, post_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "post_id", post_id)?;
            self.call(|monitor| async move { monitor.cancel(&id).await })
        })
    }

    fn decide(&self, py: Python<'_>, post_id: &str, decision: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "post_id", post_id)?;
            let decision: Decision = named(py, "decision", decision)?;
            self.call(|monitor| async move { monitor.decide(&id, decision).await })
        })
    }

    fn run_due_once(&self) -> PyResult<Call> {
        self.call(|monitor| async move { monitor.run_due_once().await })
    }

    fn run_job(&self, py: Python<'_>, job_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "job_id", job_id)?;
            self.call(|monitor| async move { monitor.run_job(&id).await })
        })
    }

    /// Runs in the background from now on, if it does not already.
    fn start(&self) -> PyResult<()> {
        guard(|| {
            let runtime = runtime::handle()?;
            let _entered = runtime.enter();
            self.handle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert_with(|| self.monitor.start());
            Ok(())
        })
    }

    fn shutdown(&self) -> PyResult<Call> {
        guard(|| {
            // Before it is taken out: dropping it takes locks, which threads that do not exist
            // in a forked child may hold for ever.
            runtime::refuse_fork()?;
            let handle = self
                .handle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            Ok(Call::new(async move {
                if let Some(handle) = handle {
                    handle.shutdown().await;
                }
                Ok::<_, MonitorError>(())
            }))
        })
    }

    fn __repr__(&self) -> PyResult<&'static str> {
        guard(|| {
            let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(if handle.is_some() {
                "running"
            } else {
                "not running"
            })
        })
    }
}
