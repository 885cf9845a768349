use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use chrono::TimeDelta;
use tempfile::TempDir;

use super::*;
use crate::seal::KeyFile;

const KEYS: &str = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn ring() -> KeyRing {
    KeyRing::parse(KEYS).unwrap()
}

async fn open(place: &TempDir) -> Tombstones {
    Tombstones::open(place.path().join("erased"), ring())
        .await
        .unwrap()
}

fn content(place: &TempDir) -> String {
    fs::read_to_string(place.path().join("erased")).unwrap()
}

#[tokio::test]
async fn an_erasure_is_remembered_by_whoever_opens_the_file_later() {
    let place = TempDir::new().unwrap();
    let (one, two) = (UserId::new("17841400000000001"), UserId::new("2"));
    let first = open(&place).await;
    first.bury(&one, at(5)).await.unwrap();
    first.finish(&one, at(5)).await.unwrap();
    first.bury(&one, at(9)).await.unwrap();
    first.finish(&one, at(9)).await.unwrap();

    let graves = open(&place).await.read().await.unwrap();

    assert_eq!(graves.erased_at(&one), Some(at(9)));
    assert_eq!(graves.erased_at(&two), None);
    assert!(!graves.has_unfinished());
    let mode = fs::metadata(first.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[tokio::test]
async fn the_file_names_nobody() {
    let place = TempDir::new().unwrap();
    let tombstones = open(&place).await;
    tombstones
        .bury(&UserId::new("17841400000000001"), at(5))
        .await
        .unwrap();

    let text = content(&place);

    assert!(!text.contains("17841400000000001"), "{text}");
    // Nor does another ring know whom it means.
    let other = Tombstones::open(place.path().join("erased"), KeyRing::random().unwrap())
        .await
        .unwrap();
    let graves = other.read().await.unwrap();
    assert_eq!(graves.erased_at(&UserId::new("17841400000000001")), None);
    assert_eq!(graves.unreadable(), 1);
}

/// Pinned: what is remembered today has to be known tomorrow.
#[tokio::test]
async fn the_form_does_not_change() {
    let place = TempDir::new().unwrap();
    let tombstones = open(&place).await;
    let user = UserId::new("17841400000000001");
    let when = at(1_800_000_000) + TimeDelta::nanoseconds(1);
    tombstones.bury(&user, when).await.unwrap();
    tombstones.finish(&user, when).await.unwrap();

    assert_eq!(content(&place), PINNED);
}

/// The code was made by another implementation.
const PINNED: &str = "\
erased 2027-01-15T08:00:00.000000001Z 7 2EcGyU0ktjAGiIS06vp7dGU1/RxNY1mvNt/yoQGY4NU
done   2027-01-15T08:00:00.000000001Z 7 2EcGyU0ktjAGiIS06vp7dGU1/RxNY1mvNt/yoQGY4NU
";

#[tokio::test]
async fn keys_that_were_changed_still_know_whom_older_ones_remember() {
    let place = TempDir::new().unwrap();
    let file = KeyFile::new(place.path().join("keys"));
    file.read_or_make().unwrap();
    let tombstones = Tombstones::open(place.path().join("erased"), file.clone())
        .await
        .unwrap();
    tombstones.bury(&UserId::new("1"), at(1)).await.unwrap();

    file.rotate().unwrap();
    tombstones.bury(&UserId::new("2"), at(2)).await.unwrap();

    let graves = tombstones.read().await.unwrap();
    assert_eq!(graves.erased_at(&UserId::new("1")), Some(at(1)));
    assert_eq!(graves.erased_at(&UserId::new("2")), Some(at(2)));
    assert_eq!(graves.unreadable(), 0);
}

#[tokio::test]
async fn an_erasure_that_was_cut_short_is_known_until_it_is_finished() {
    let place = TempDir::new().unwrap();
    let tombstones = open(&place).await;
    let user = UserId::new("1");
    tombstones.bury(&user, at(1)).await.unwrap();
    assert!(tombstones.read().await.unwrap().has_unfinished());
    tombstones.bury(&user, at(2)).await.unwrap();
    tombstones.finish(&user, at(1)).await.unwrap();
    assert!(tombstones.read().await.unwrap().has_unfinished());

    tombstones.finish_all().await.unwrap();

    let graves = tombstones.read().await.unwrap();
    assert!(!graves.has_unfinished());
    assert_eq!(graves.erased_at(&user), Some(at(2)));
}

#[tokio::test]
async fn a_line_that_a_crash_cut_short_is_taken_away_and_any_other_damage_refused() {
    let place = TempDir::new().unwrap();
    let tombstones = open(&place).await;
    let user = UserId::new("1");
    tombstones.bury(&user, at(1)).await.unwrap();
    let good = content(&place);
    for end in 1..good.len() {
        fs::write(tombstones.path(), format!("{good}{}", &good[..end])).unwrap();
        assert_eq!(
            tombstones.read().await.unwrap().erased_at(&user),
            Some(at(1))
        );
    }

    tombstones.bury(&UserId::new("2"), at(2)).await.unwrap();

    assert_eq!(content(&place).lines().count(), 2);
    let graves = tombstones.read().await.unwrap();
    assert_eq!(graves.erased_at(&UserId::new("2")), Some(at(2)));

    for damage in [
        good.replace("erased", "eraser"),
        good.replace(" 7 ", " x "),
        format!("{}\n", &good[..good.len() - 4]),
        format!("\n{good}"),
    ] {
        fs::write(tombstones.path(), &damage).unwrap();
        let opened = Tombstones::open(tombstones.path(), ring()).await;
        assert!(
            matches!(opened, Err(StoreError::Corrupt { .. })),
            "{damage:?}"
        );
        assert_eq!(content(&place), damage);
    }
}

#[tokio::test]
async fn a_file_of_others_is_refused() {
    let place = TempDir::new().unwrap();
    let tombstones = open(&place).await;
    let loose = fs::Permissions::from_mode(0o644);
    fs::set_permissions(tombstones.path(), loose).unwrap();
    assert!(Tombstones::open(tombstones.path(), ring()).await.is_err());

    let link = place.path().join("link");
    symlink(tombstones.path(), &link).unwrap();
    assert!(Tombstones::open(&link, ring()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn erasures_at_one_time_are_all_remembered() {
    let place = TempDir::new().unwrap();
    open(&place).await;
    let tasks = (0..8).map(|task| {
        let path = place.path().join("erased");
        tokio::spawn(async move {
            let tombstones = Tombstones::open(path, ring()).await.unwrap();
            for number in 0..10 {
                let user = UserId::new(format!("{task}-{number}"));
                tombstones.bury(&user, at(number)).await.unwrap();
            }
        })
    });

    for ended in futures::future::join_all(tasks).await {
        ended.unwrap();
    }

    let graves = open(&place).await.read().await.unwrap();
    for task in 0..8 {
        for number in 0..10 {
            let user = UserId::new(format!("{task}-{number}"));
            assert_eq!(graves.erased_at(&user), Some(at(number)));
        }
    }
}
