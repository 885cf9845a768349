//! Where stores are that can be opened again and again.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

#[cfg(feature = "sqlite")]
use sqlx::ConnectOptions as _;
use threads_monitor::Storage;

/// Lanes whose head is not their first open job, and those that do not have all open jobs among
/// the ones that wait where they are several; and the lanes of whoever waits without being open.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
const WRONG_LANES: &str = "SELECT serial_key FROM lanes WHERE \
    (SELECT id FROM jobs WHERE jobs.serial_key = lanes.serial_key AND wake_at IS NOT NULL \
     ORDER BY wake_at, id LIMIT 1) IS DISTINCT FROM head_id \
    OR (SELECT wake_at FROM jobs WHERE jobs.id = head_id) IS DISTINCT FROM head_wake_at \
    OR (SELECT count(*) FROM waiting WHERE waiting.serial_key = lanes.serial_key) \
       <> CASE WHEN is_shared THEN (SELECT count(*) FROM jobs \
           WHERE jobs.serial_key = lanes.serial_key AND wake_at IS NOT NULL) ELSE 0 END \
    OR (NOT is_shared AND (SELECT count(*) FROM jobs \
           WHERE jobs.serial_key = lanes.serial_key AND wake_at IS NOT NULL) > 1) \
    UNION ALL SELECT waiting.serial_key FROM waiting LEFT JOIN jobs ON jobs.id = waiting.id \
        AND jobs.wake_at = waiting.wake_at AND jobs.serial_key = waiting.serial_key \
        WHERE jobs.id IS NULL";

/// A place of stores that can be opened again and again.
pub(crate) trait Place {
    fn address(&self) -> String;

    /// Whether tokens are encrypted there.
    fn is_sealed(&self) -> bool {
        false
    }

    /// The lanes of a database that do not say what its jobs are.
    async fn wrong_lanes(&self) -> Vec<String> {
        Vec::new()
    }
}

pub(crate) async fn open(place: &impl Place) -> Storage {
    let storage = Storage::open(&place.address()).await.unwrap();
    if place.is_sealed() {
        sealed(storage).await
    } else {
        storage
    }
}

#[cfg(feature = "seal")]
async fn sealed(storage: Storage) -> Storage {
    // One ring for all tests of the program, as all openings of one store need.
    let keys = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let keys = threads_monitor::seal::KeyRing::parse(keys).unwrap();
    storage.sealed(keys).await.unwrap()
}

#[cfg(not(feature = "seal"))]
async fn sealed(storage: Storage) -> Storage {
    storage
}

/// A place whose tokens are encrypted.
#[cfg(feature = "seal")]
pub(crate) struct Sealed<P>(pub(crate) P);

#[cfg(feature = "seal")]
impl<P: Place> Place for Sealed<P> {
    fn address(&self) -> String {
        self.0.address()
    }

    fn is_sealed(&self) -> bool {
        true
    }

    async fn wrong_lanes(&self) -> Vec<String> {
        self.0.wrong_lanes().await
    }
}

#[cfg(any(feature = "file", feature = "sqlite"))]
pub(crate) struct Temporary {
    scheme: &'static str,
    name: &'static str,
    directory: tempfile::TempDir,
}

#[cfg(any(feature = "file", feature = "sqlite"))]
impl Temporary {
    pub(crate) fn new(scheme: &'static str, name: &'static str) -> Self {
        Self {
            scheme,
            name,
            directory: tempfile::TempDir::new().unwrap(),
        }
    }
}

#[cfg(any(feature = "file", feature = "sqlite"))]
impl Place for Temporary {
    fn address(&self) -> String {
        let directory = self.directory.path().display();
        format!("{}:{directory}/{}", self.scheme, self.name)
    }

    #[cfg(feature = "sqlite")]
    async fn wrong_lanes(&self) -> Vec<String> {
        if self.scheme != "sqlite" {
            return Vec::new();
        }
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self.directory.path().join(self.name));
        let mut connection = options.connect().await.unwrap();
        let wrong = sqlx::query_scalar(WRONG_LANES);
        wrong.fetch_all(&mut connection).await.unwrap()
    }
}

#[cfg(feature = "postgres")]
impl Place for crate::server::Place {
    fn address(&self) -> String {
        self.address()
    }

    async fn wrong_lanes(&self) -> Vec<String> {
        let mut connection = self.connect().await;
        let here = format!("SET search_path = {}", self.schema());
        let here = sqlx::query(sqlx::AssertSqlSafe(here));
        here.execute(&mut connection).await.unwrap();
        let wrong = sqlx::query_scalar(WRONG_LANES);
        wrong.fetch_all(&mut connection).await.unwrap()
    }
}
