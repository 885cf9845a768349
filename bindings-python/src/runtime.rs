//! The runtime of this process, and the two ways to wait for it.
//!
//! Every operation is a [`Pending`] future. [`block`] and [`awaitable`] both spawn it
//! on one tokio runtime; they differ only in how the outcome reaches Python: through
//! a channel on which the calling thread waits without the GIL, or through
//! `call_soon_threadsafe` into an asyncio future.
//!
//! Decided on 23 November 2026: the runtime is our own. One that lives in a `static`
//! and cannot be stopped makes the interpreter crash at exit while work is in flight;
//! this one is stopped by an `atexit` hook. And a waiting thread waits on a channel
//! instead of driving the runtime itself: when the runtime stops, tasks are dropped,
//! the channel closes, and the thread has its answer. No part of tokio runs on a
//! thread of Python.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use tokio::runtime::{Handle, Runtime};
use tokio::task::AbortHandle;

use crate::error;

/// Turns the outcome of an operation into a Python object, once the GIL is held.
pub(crate) type Reply = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// An operation that was not started yet.
pub(crate) type Pending = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// How often a waiting thread looks for signals, so that Ctrl-C is obeyed.
const SIGNAL_CHECK: Duration = Duration::from_millis(50);

/// How long the interpreter's exit may wait for threads of the runtime.
const SHUTDOWN: Duration = Duration::from_secs(2);

enum State {
    Idle,
    Running(Runtime),
    Closed,
}

static STATE: Mutex<State> = Mutex::new(State::Idle);

/// Whether this process, or the one it was forked from, has started the runtime.
static USED: AtomicBool = AtomicBool::new(false);

/// Whether this process is a fork of one that had started the runtime, whose threads
/// do not exist here. Looked at before [`STATE`], whose lock may be held for ever.
static FORKED: AtomicBool = AtomicBool::new(false);

/// A handle to the runtime, which the first call starts.
pub(crate) fn handle() -> PyResult<Handle> {
    refuse_fork()?;
    // Before the lock is taken, for a fork in this very moment.
    USED.store(true, Ordering::SeqCst);
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*state, State::Idle) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("threads-monitor")
            .enable_all()
            .build()
            .map_err(PyOSError::new_err)?;
        *state = State::Running(runtime);
    }
    match &*state {
        State::Running(runtime) => Ok(runtime.handle().clone()),
        State::Idle | State::Closed => Err(closed()),
    }
}

/// Whether the runtime, and everything made with it, is out of reach in this process.
pub(crate) fn is_forked() -> bool {
    FORKED.load(Ordering::SeqCst)
}

pub(crate) fn refuse_fork() -> PyResult<()> {
    if is_forked() {
        return Err(error::forked());
    }
    Ok(())
}

fn closed() -> PyErr {
    PyRuntimeError::new_err("the interpreter is shutting down")
}

/// Runs the body of an entry point; a panic in it becomes an ordinary exception.
pub(crate) fn guard<T>(body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let guarded = AssertUnwindSafe(|| {
        failpoint::hit(failpoint::Place::Entry);
        body()
    });
    catch_unwind(guarded).unwrap_or_else(|_| Err(error::internal()))
}

/// Runs an operation and waits for it without the GIL.
///
/// On the main thread, signals are looked for while waiting; an exception that their
/// handlers raise, such as `KeyboardInterrupt`, gives the operation up.
pub(crate) fn block(py: Python<'_>, pending: Pending) -> PyResult<Py<PyAny>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let task = handle()?.spawn(async move {
        // The receiver is gone if a signal ended the wait.
        let _ = sender.send(caught(pending).await);
    });
    let handles_signals = is_main_thread(py)?;
    match py.detach(move || receive(&receiver, handles_signals)) {
        Ok(reply) => convert(py, reply),
        Err(error) => {
            task.abort();
            Err(error)
        }
    }
}

/// Waits for the reply; the channel closes when the runtime stops.
fn receive(receiver: &Receiver<Reply>, handles_signals: bool) -> PyResult<Reply> {
    if !handles_signals {
        // This may be a daemon thread, which must not touch an interpreter that ends.
        return receiver.recv().map_err(|_| closed());
    }
    loop {
        match receiver.recv_timeout(SIGNAL_CHECK) {
            Ok(reply) => return Ok(reply),
            Err(RecvTimeoutError::Disconnected) => return Err(closed()),
            Err(RecvTimeoutError::Timeout) => check_signals()?,
        }
    }
}

/// Whether this is the one thread on which Python runs signal handlers.
fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    main.eq(threading.call_method0("get_ident")?)
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method by itself is not general enough over lifetimes"
)]
fn check_signals() -> PyResult<()> {
    Python::try_attach(|py| py.check_signals()).unwrap_or_else(|| Err(closed()))
}

/// Starts an operation and gives the asyncio future of its outcome.
///
/// Cancelling the future gives the operation up.
pub(crate) fn awaitable(py: Python<'_>, pending: Pending) -> PyResult<Bound<'_, PyAny>> {
    let handle = handle()?;
    let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?;
    let future = event_loop.call_method0("create_future")?;
    let delivery = Delivery {
        event_loop: event_loop.unbind(),
        future: future.clone().unbind(),
    };
    let task = handle.spawn(async move {
        let reply = caught(pending).await;
        // Taking the GIL can take long, which must not hold up other operations.
        let _ = tokio::task::spawn_blocking(move || delivery.deliver(reply)).await;
    });
    future.call_method1("add_done_callback", (Abort(task.abort_handle()),))?;
    Ok(future)
}

/// An operation whose panic is a reply.
async fn caught(pending: Pending) -> Reply {
    let guarded = AssertUnwindSafe(async {
        failpoint::hit(failpoint::Place::Task);
        pending.await
    });
    guarded
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Box::new(|_| Err(error::internal())))
}

fn convert(py: Python<'_>, reply: Reply) -> PyResult<Py<PyAny>> {
    let guarded = AssertUnwindSafe(|| {
        failpoint::hit(failpoint::Place::Reply);
        reply(py)
    });
    catch_unwind(guarded).unwrap_or_else(|_| Err(error::internal()))
}

/// Where an awaited outcome goes.
struct Delivery {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
}

impl Delivery {
    fn deliver(self, reply: Reply) {
        // Without an interpreter nobody waits any more.
        Python::try_attach(|py| {
            let (value, exception) = match convert(py, reply) {
                Ok(value) => (value, py.None()),
                Err(error) => (py.None(), error.into_value(py).into_any()),
            };
            let settle = wrap_pyfunction!(settle, py)?;
            // Fails if the loop is closed: then nobody waits either.
            self.event_loop.call_method1(
                py,
                "call_soon_threadsafe",
                (settle, self.future, value, exception),
            )
        });
    }
}

/// Settles an asyncio future, on the thread of its loop.
#[pyfunction]
fn settle(
    future: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
    exception: &Bound<'_, PyAny>,
) -> PyResult<()> {
    guard(|| {
        if future.call_method0("done")?.is_truthy()? {
            return Ok(());
        }
        if exception.is_none() {
            future.call_method1("set_result", (value,))?;
        } else {
            future.call_method1("set_exception", (exception,))?;
        }
        Ok(())
    })
}

/// The done callback of an asyncio future: gives the operation up if it still runs.
#[pyclass(frozen)]
struct Abort(AbortHandle);

#[pymethods]
impl Abort {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        self.0.abort();
    }
}

/// Stops the runtime and everything on it, at the interpreter's exit.
#[pyfunction]
fn shut_down(py: Python<'_>) -> PyResult<()> {
    if is_forked() {
        return Ok(());
    }
    guard(|| {
        let state = {
            let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, State::Closed)
        };
        if let State::Running(runtime) = state {
            // Threads that are about to deliver an outcome need the GIL to come to an end.
            py.detach(|| runtime.shutdown_timeout(SHUTDOWN));
        }
        Ok(())
    })
}

/// Notes in a forked child that the threads of the runtime are not there.
#[pyfunction]
fn forked() {
    if USED.load(Ordering::SeqCst) {
        FORKED.store(true, Ordering::SeqCst);
    }
}

/// Registers the hooks for exit and fork.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    py.import("atexit")?
        .call_method1("register", (wrap_pyfunction!(shut_down, py)?,))?;
    let os = py.import("os")?;
    if os.hasattr("register_at_fork")? {
        let hooks = pyo3::types::PyDict::new(py);
        hooks.set_item("after_in_child", wrap_pyfunction!(forked, py)?)?;
        os.call_method("register_at_fork", (), Some(&hooks))?;
    }
    failpoint::register(module)
}

/// Panics on command, in builds for development, so that a test can see what becomes of one.
#[cfg(debug_assertions)]
mod failpoint {
    use std::sync::atomic::{AtomicU8, Ordering};

    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// Where to panic.
    #[derive(Clone, Copy)]
    pub(super) enum Place {
        Entry = 1,
        Task = 2,
        Reply = 3,
    }

    static ARMED: AtomicU8 = AtomicU8::new(0);

    #[expect(clippy::panic, reason = "this is what it is for")]
    pub(super) fn hit(place: Place) {
        let place = place as u8;
        if ARMED
            .compare_exchange(place, 0, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            panic!("failpoint {place}");
        }
    }

    /// Makes the next passage of a place panic: `entry`, `task` or `reply`.
    #[pyfunction]
    fn _panic_next(place: &str) -> PyResult<()> {
        let place = match place {
            "entry" => Place::Entry,
            "task" => Place::Task,
            "reply" => Place::Reply,
            _ => return Err(PyValueError::new_err("no such place")),
        };
        ARMED.store(place as u8, Ordering::SeqCst);
        Ok(())
    }

    pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Not by `add_function`, which would make it a public name of the module.
        module.setattr("_panic_next", wrap_pyfunction!(_panic_next, module)?)
    }
}

#[cfg(not(debug_assertions))]
mod failpoint {
    use pyo3::prelude::*;

    #[derive(Clone, Copy)]
    pub(super) enum Place {
        Entry,
        Task,
        Reply,
    }

    pub(super) fn hit(_place: Place) {}

    pub(super) fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        Ok(())
    }
}
