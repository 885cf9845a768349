//! The SQLite backends do what their traits promise, also after they were opened again.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tempfile::TempDir;
use threads_monitor::Storage;

fn place() -> TempDir {
    TempDir::new().unwrap()
}

async fn open(place: &TempDir) -> Storage {
    let address = format!("sqlite:{}/threads.db", place.path().display());
    Storage::open(&address).await.unwrap()
}

mod tokens {
    threads_monitor::token_store_conformance! {
        place: super::place(),
        open: async |place| super::open(place).await.tokens,
    }
}

mod jobs {
    threads_monitor::scheduler_conformance! {
        place: super::place(),
        open: async |place| super::open(place).await.scheduler,
    }
}

mod snapshots {
    threads_monitor::snapshot_store_conformance! {
        place: super::place(),
        open: async |place| super::open(place).await.snapshots,
    }
}

/// All of it once more, with encrypted tokens.
#[cfg(feature = "seal")]
mod sealed {
    use threads_monitor::Storage;
    use threads_monitor::seal::KeyRing;

    /// One ring for all tests of the program, as all openings of one store need.
    const KEYS: &str = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    async fn open(place: &super::TempDir) -> Storage {
        let keys = KeyRing::parse(KEYS).unwrap();
        super::open(place).await.sealed(keys).await.unwrap()
    }

    mod tokens {
        threads_monitor::token_store_conformance! {
            place: super::super::place(),
            open: async |place| super::open(place).await.tokens,
        }
    }

    mod jobs {
        threads_monitor::scheduler_conformance! {
            place: super::super::place(),
            open: async |place| super::open(place).await.scheduler,
        }
    }

    mod snapshots {
        threads_monitor::snapshot_store_conformance! {
            place: super::super::place(),
            open: async |place| super::open(place).await.snapshots,
        }
    }
}
