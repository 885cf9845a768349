//! The native half of the Python package `threads_monitor`.
//!
//! It converts, and nothing else: what an operation does is decided in `threads-client`
//! and `threads-monitor`, what it is called in Python is decided by the classes of the
//! package, which are written in Python and fully typed.
//!
//! Every operation is written once, as a [`call::Call`]: the blocking classes of the
//! package wait for it, the asyncio ones await it.

mod arguments;
mod call;
mod chains;
mod client;
mod draft;
mod due;
mod error;
mod models;
mod monitor;
mod oauth;
mod planning;
mod runtime;
mod secrets;
mod stored;

/// The native half of `threads_monitor`; use the package itself.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::call::Call;
    #[pymodule_export]
    use crate::chains::PyChains;
    #[pymodule_export]
    use crate::client::{PostStream, PyClient};
    #[pymodule_export]
    use crate::draft::{PyDraft, PyMedia};
    #[pymodule_export]
    use crate::monitor::{PyMonitor, PyStorage};
    #[pymodule_export]
    use crate::oauth::{PyAuthorizationResponse, PyOAuthClient};
    #[pymodule_export]
    use crate::planning::{PyDrafts, PyQueue, PyRepeat, PyRepeatedPosts, PyTables};
    #[pymodule_export]
    use crate::secrets::{
        PyAccessToken, PyAppSecret, PyAuthorizationCode, PyCsrfState, PyTokenGrant,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::runtime::register(module)
    }
}
