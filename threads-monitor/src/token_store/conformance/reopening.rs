//! What a store that survives its process has to survive with.

use super::{Case, Store, assert_conflict, assert_same, credential, token, user};

/// What was saved is there after the store was closed and opened again.
pub async fn tokens_survive_reopening(open: impl AsyncFn() -> Store) -> Case {
    let mut first = token("1", "THAA-1");
    first.candidate = Some(credential("THAA-candidate"));
    let second = token("2", "THAA-2");
    let store = open().await;
    let old = store.save(&token("1", "THAA-0"), None).await?;
    let first_version = store.save(&first, Some(old)).await?;
    let second_version = store.save(&second, None).await?;
    drop(store);

    for _ in 0..2 {
        let store = open().await;
        assert_same(store.load(&first.user).await?, &first, first_version);
        assert_same(store.load(&second.user).await?, &second, second_version);
        assert_eq!(store.list(None, 10).await?, ["1", "2"].map(user));
    }
    Ok(())
}

/// Opening again brings nothing back.
pub async fn deleted_tokens_stay_deleted_after_reopening(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    store.save(&token("1", "THAA-1"), None).await?;
    store.save(&token("2", "THAA-2"), None).await?;
    store.delete(&user("1")).await?;
    drop(store);

    let store = open().await;

    assert!(store.load(&user("1")).await?.is_none());
    assert_eq!(store.list(None, 10).await?, [user("2")]);
    Ok(())
}

/// A version from before is not given again, even if its row is gone.
pub async fn versions_go_on_after_reopening(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    let first = store.save(&token("1", "THAA-1"), None).await?;
    let second = store.save(&token("1", "THAA-2"), Some(first)).await?;
    store.delete(&user("1")).await?;
    drop(store);

    let store = open().await;
    let third = store.save(&token("1", "THAA-3"), None).await?;

    assert!(![first, second].contains(&third));
    assert_conflict(store.save(&token("1", "THAA-4"), Some(second)).await);
    Ok(())
}
