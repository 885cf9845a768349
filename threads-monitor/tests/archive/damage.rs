//! Files that are no exports, or not whole, or were made by somebody who means harm.

use threads_client::UserId;
use threads_monitor::Storage;
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, Subject};

use crate::archives::history::{lived, now, post, reading};
use crate::archives::{
    self, changed, exported, imported, is_empty, packed, readings, unpacked, with_manifest,
};

/// Each of these is refused with its reason, and nothing is stored.
#[tokio::test]
async fn a_bad_file_changes_nothing() {
    let (world, user) = lived().await;
    let now = world.monitor.now();
    let good = exported(world.monitor.storage(), &user, now).await;
    let backup = archives::backed_up(world.monitor.storage(), now).await.out;
    let without = |part: &str| {
        let mut parts = unpacked(&good);
        parts.remove(part);
        packed(&parts)
    };
    let wrong = |cell: &'static str| {
        changed(&good, "followers.csv", move |text| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let mut cells: Vec<&str> = lines[2].split(',').collect();
            cells[1] = cell;
            lines[2] = cells.join(",");
            lines.join("\r\n")
        })
    };
    let mut files = vec![
        (b"not a ZIP file".to_vec(), "no ZIP file"),
        (Vec::new(), "no ZIP file"),
        (backup, "threads-monitor-backup"),
        (without("manifest.json"), "cut short"),
        (without("posts.json"), "posts.json"),
        (
            with_manifest(&good, |m| m["version"] = 2.into()),
            "version 2",
        ),
        (
            with_manifest(&good, |m| m["parts"][1]["rows"] = 7.into()),
            "instead of 7",
        ),
        (
            with_manifest(&good, |m| m["account"] = "1\u{0}2".into()),
            "an id in it is none",
        ),
        (wrong("-5"), "row 2: `-5` is no number"),
        (wrong("12.5"), "`12.5` is no number"),
        (wrong("+5"), "`+5` is no number"),
        (wrong(""), "`` is no number"),
        (wrong("99999999999999999999"), "is no number"),
        (wrong("9223372036854775808"), "is no number"),
        (
            changed(&good, "insights.csv", |text| text.replace("views", "news")),
            "`news` is no metric",
        ),
        (
            changed(&good, "insights.csv", |text| text.replace("value", "worth")),
            "its columns are other ones",
        ),
        (
            changed(&good, "posts.json", |text| format!("{text} []")),
            "posts.json",
        ),
        (
            changed(&good, "schedule.json", |text| {
                text.replace("\"post:", "\"refresh:")
            }),
            "an idempotency key is none",
        ),
        (
            changed(&good, "profile.json", |text| {
                text.replace("\"account\":", "\"account_\":")
            }),
            "profile.json",
        ),
    ];
    for cut in [1, 100, good.len() / 2, good.len() - 30, good.len() - 1] {
        files.push((good[..cut].to_vec(), ""));
    }
    let storage = Storage::in_memory();

    for (file, words) in files {
        let error = imported(&storage, &file).await.unwrap_err().to_string();

        assert!(error.contains(words), "expected {words:?}: {error}");
        assert!(is_empty(&storage).await, "{error}");
    }
}

/// Every eighth byte, one bit each: found out, or of no consequence.
#[tokio::test]
async fn a_file_with_one_changed_bit_is_refused_or_means_the_same() {
    let storage = Storage::in_memory();
    let snapshots: Vec<Snapshot> = (0..200)
        .map(|n| {
            let count = Reading::Count(n * 7);
            reading(Subject::Account, Metric::Followers, n.cast_signed(), count)
        })
        .collect();
    storage.snapshots.append(&snapshots).await.unwrap();
    let user = UserId::new("1");
    let good = exported(&storage, &user, now()).await;
    let mut refused = 0;

    for place in (0..good.len()).step_by(8) {
        let mut file = good.clone();
        file[place] ^= 1 << (place / 8 % 8);
        let there = Storage::in_memory();
        if imported(&there, &file).await.is_ok() {
            assert_eq!(readings(&there, &user).await, snapshots, "byte {place}");
        } else {
            assert!(is_empty(&there).await, "byte {place}");
            refused += 1;
        }
    }

    assert!(
        refused * 2 > good.len() / 8,
        "{refused} of {}",
        good.len() / 8
    );
}

#[tokio::test]
async fn bombs_are_stopped_by_what_the_manifest_promises() {
    let storage = Storage::in_memory();
    storage
        .snapshots
        .append(&[post("91", false)])
        .await
        .unwrap();
    let good = exported(&storage, &UserId::new("1"), now()).await;
    // More bytes than promised.
    let mut parts = unpacked(&good);
    let mut followers = parts["followers.csv"].clone();
    followers.extend(vec![b'\n'; 50_000_000]);
    parts.insert("followers.csv".to_owned(), followers);
    let longer = packed(&parts);
    // A promise that nobody would keep.
    let promised = with_manifest(&good, |m| m["parts"][0]["bytes"] = (1_u64 << 50).into());
    // One line without an end.
    let line = changed(&good, "followers.csv", |text| {
        text.to_owned() + &"1".repeat(20_000_000)
    });
    let json = changed(&good, "posts.json", |_| "[".repeat(20_000_000));
    let entries = {
        let mut parts = unpacked(&good);
        for number in 0..200 {
            parts.insert(format!("{number}"), Vec::new());
        }
        packed(&parts)
    };

    for (file, words) in [
        (longer, "longer than the manifest says"),
        (promised, "are the most"),
        (line, "a line that is too long"),
        (json, "posts.json"),
        (entries, "entries"),
    ] {
        assert!(file.len() < 1_000_000, "small on disk");
        let there = Storage::in_memory();
        let error = imported(&there, &file).await.unwrap_err().to_string();

        assert!(error.contains(words), "{error}");
        assert!(is_empty(&there).await);
    }
}

#[tokio::test]
async fn paths_in_a_file_mean_nothing() {
    let storage = Storage::in_memory();
    storage
        .snapshots
        .append(&[post("91", false)])
        .await
        .unwrap();
    let good = exported(&storage, &UserId::new("1"), now()).await;
    let place = tempfile::tempdir().unwrap();
    let evil = place.path().join("evil").display().to_string();
    let mut parts = unpacked(&good);
    for name in [evil.as_str(), "../evil", "/etc/evil", "a/../followers.csv"] {
        parts.insert(name.to_owned(), b"evil".to_vec());
    }

    let there = Storage::in_memory();
    imported(&there, &packed(&parts)).await.unwrap();

    assert_eq!(readings(&there, &UserId::new("1")).await.len(), 1);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}
