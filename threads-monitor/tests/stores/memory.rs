//! The memory backends do what their traits promise.

mod tokens {
    use std::sync::Arc;

    use threads_monitor::token_store::MemoryTokenStore;

    threads_monitor::token_store_conformance! {
        fresh: async { Arc::new(MemoryTokenStore::default()) },
    }
}

mod jobs {
    use std::sync::Arc;

    use threads_monitor::scheduler::MemoryScheduler;

    threads_monitor::scheduler_conformance! {
        fresh: async { Arc::new(MemoryScheduler::default()) },
    }
}

mod snapshots {
    use std::sync::Arc;

    use threads_monitor::snapshot_store::MemorySnapshotStore;

    threads_monitor::snapshot_store_conformance! {
        fresh: async { Arc::new(MemorySnapshotStore::default()) },
    }
}

/// The tokens once more, encrypted.
#[cfg(feature = "seal")]
mod sealed_tokens {
    use threads_monitor::Storage;
    use threads_monitor::seal::KeyRing;

    threads_monitor::token_store_conformance! {
        fresh: async {
            let keys = KeyRing::random().unwrap();
            Storage::in_memory().sealed(keys).await.unwrap().tokens
        },
    }
}
