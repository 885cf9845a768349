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
