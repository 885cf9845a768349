"""Profile, insights, posts and quota, through both faces."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from faces import Face
from sandbox import USER, Sandbox
from threads_monitor import (
    Insight,
    InsightPoint,
    InvalidRequestError,
    Post,
    Profile,
    PublicProfile,
    QuotaConfig,
    ThrottledError,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


def test_profile_is_the_accounts_own(sandbox: Sandbox, face: Face, client: Any) -> None:
    profile = face.run(client.profile.get())

    assert isinstance(profile, Profile)
    assert profile.username == USER
    assert profile.id == sandbox.user_id()
    assert profile.name == "Kedai Senja"


def test_lookup_finds_a_public_profile(face: Face, client: Any) -> None:
    profile = face.run(client.profile.lookup("@noor.reads"))

    assert isinstance(profile, PublicProfile)
    assert profile.username == "noor.reads"
    assert profile.follower_count == 642


def test_account_insights_answer_each_metric_in_its_own_shape(face: Face, client: Any) -> None:
    insights = face.run(
        client.insights.account(
            metrics=["views", "likes", "clicks"],
            since=NOW - timedelta(days=7),
            until=NOW,
        )
    )

    views = insights.series("views")
    assert len(views) >= 7
    assert all(isinstance(point, InsightPoint) for point in views)
    assert all(point.end_time.utcoffset() == timedelta(0) for point in views)
    assert isinstance(insights.total("likes"), int)
    assert insights.links("clicks") is not None
    assert {insight.metric for insight in insights} == {"views", "likes", "clicks"}


def test_a_metric_that_was_not_asked_for_is_none_and_not_zero(face: Face, client: Any) -> None:
    insights = face.run(client.insights.account(metrics=["followers_count"]))

    assert insights.total("followers_count") == 12480
    assert insights.total("views") is None
    assert insights.series("views") is None


def test_follower_demographics_come_by_breakdown(face: Face, client: Any) -> None:
    insights = face.run(
        client.insights.account(metrics=["follower_demographics"], breakdown="country")
    )

    (breakdown,) = insights.breakdowns("follower_demographics")
    assert breakdown.dimension_keys == ("country",)
    assert sum(result.value for result in breakdown.results) > 0


def test_post_insights_are_totals_of_a_lifetime(face: Face, client: Any) -> None:
    post = face.run(client.posts.list(limit=1)).items[0]

    insights = face.run(client.insights.post(post.id, metrics=["views", "shares"]))

    assert isinstance(insights.total("views"), int)
    (views,) = (insight for insight in insights if insight.metric == "views")
    assert isinstance(views, Insight)
    assert views.period == "lifetime"


def test_metrics_may_be_any_iterable_but_not_one_text(face: Face, client: Any) -> None:
    insights = face.run(client.insights.account(metrics=(name for name in ["followers_count"])))
    assert insights.total("followers_count") == 12480

    with pytest.raises(TypeError, match="not one str"):
        face.run(client.insights.account(metrics="views"))


def test_an_instant_may_be_in_any_zone(sandbox: Sandbox, face: Face, client: Any) -> None:
    jakarta = datetime(2026, 5, 25, 7, tzinfo=ZoneInfo("Asia/Jakarta"))

    face.run(client.posts.list(since=jakarta))

    (request,) = sandbox.requests()
    assert dict(request["parameters"])["since"] == str(int(jakarta.timestamp()))


def test_an_instant_without_a_zone_is_refused(face: Face, client: Any) -> None:
    with pytest.raises(InvalidRequestError, match="needs a time zone"):
        face.run(client.posts.list(since=datetime(2026, 5, 25)))


def test_a_page_has_its_own_items_and_iterates_through_all(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    page = face.run(client.posts.list(limit=50))
    assert len(page.items) == 50
    assert isinstance(page.next_cursor, str)

    posts = face.all_of(page)

    assert len(posts) == 168
    assert len({post.id for post in posts}) == 168
    assert posts[:50] == list(page.items)
    assert posts == sorted(posts, key=lambda post: post.timestamp, reverse=True)
    # Reading the same page again begins at the same place.
    assert face.all_of(page) == posts


def test_a_later_page_begins_at_the_cursor(face: Face, client: Any) -> None:
    first = face.run(client.posts.list(limit=10))

    second = face.run(client.posts.list(limit=10, after=first.next_cursor))

    everything = face.all_of(face.run(client.posts.list(limit=100)))
    assert [*first.items, *second.items] == everything[:20]


def test_iterating_ends_with_the_error_of_a_later_page(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    page = face.run(client.posts.list(limit=50))
    sandbox.fail("posts", "graph", code=190)

    with pytest.raises(Exception, match="code 190"):
        face.all_of(page)


def test_a_post_is_complete(face: Face, client: Any) -> None:
    listed = face.run(client.posts.list(limit=1)).items[0]

    post = face.run(client.posts.get(listed.id))

    assert isinstance(post, Post)
    assert post == listed
    assert post.id.isdigit()
    assert len(post.id) >= 17
    assert post.timestamp is not None
    assert post.timestamp.tzinfo is timezone.utc
    assert post.username == USER
    assert post.permalink is not None


def test_a_page_size_out_of_range_is_refused_before_sending(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    for limit in (0, 101, 1000, -1):
        with pytest.raises(InvalidRequestError, match="from 1 to 100") as caught:
            face.run(client.posts.list(limit=limit))
        assert caught.value.field == "limit"

    assert sandbox.requests() == []


def test_quotas_say_how_much_is_left(face: Face, client: Any) -> None:
    posts = face.run(client.quota.publishing())
    replies = face.run(client.quota.replies())

    assert posts.quota_usage == 0
    assert posts.config == QuotaConfig(quota_total=250, quota_duration=timedelta(days=1))
    assert posts.reply_quota_usage is None
    assert replies.reply_config.quota_total == 1000


def test_the_pace_follows_what_meta_reports_and_holds_polls_back_first(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    sandbox.switch(app_usage={"call_count": 88, "total_time": 25, "total_cputime": 3})
    assert (client.pace.step, client.pace.wait) == ("full", None)
    face.run(client.profile.get())

    with pytest.raises(ThrottledError) as caught:
        face.run(client.background().profile.get())

    pace = client.pace
    assert caught.value.reason == "usage"
    assert pace.step == "publish_only"
    assert 85 <= pace.used <= 88
    assert next(use for use in pace.quotas if use.quota == "posts").limit == 250
    assert next(use for use in pace.quotas if use.quota == "calls").used == 1


def test_usage_is_none_until_meta_reports_it(sandbox: Sandbox, face: Face, client: Any) -> None:
    before = client.usage
    sandbox.switch(app_usage={"call_count": 28, "total_time": 25, "total_cputime": 3})

    face.run(client.profile.get())

    assert before is None
    assert client.usage.call_count == 28
    assert client.usage.to_dict() == {"call_count": 28, "total_time": 25, "total_cputime": 3}


def test_a_client_for_another_account_keeps_the_settings(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    other = client.with_access_token(sandbox.token("noor.reads"))

    assert face.run(other.profile.get()).username == "noor.reads"
    assert face.run(client.profile.get()).username == USER


def test_refreshing_needs_no_app_secret(sandbox: Sandbox, face: Face) -> None:
    token = sandbox.token(age_seconds=2 * 86_400)
    client = face.ThreadsClient(access_token=token, base_url=sandbox.url)

    grant = face.run(client.refresh_access_token())

    assert grant.access_token.expose()
    assert timedelta(days=59) < grant.expires_in <= timedelta(days=60)


def test_the_token_travels_where_it_is_told_to(sandbox: Sandbox, face: Face) -> None:
    client = face.ThreadsClient(
        access_token=sandbox.token(), base_url=sandbox.url, token_placement="query"
    )

    assert face.run(client.profile.get()).username == USER


def test_a_client_without_a_token_refuses_before_sending(sandbox: Sandbox, face: Face) -> None:
    client = face.ThreadsClient(base_url=sandbox.url)

    with pytest.raises(InvalidRequestError, match="access_token"):
        face.run(client.profile.get())

    assert sandbox.requests() == []


def test_a_closed_client_says_so(face: Face, client: Any) -> None:
    face.run(client.close())

    with pytest.raises(RuntimeError, match="closed"):
        face.run(client.profile.get())
    assert "closed" in repr(client)


def test_plain_http_is_for_this_machine_only(face: Face) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        face.ThreadsClient(base_url="http://graph.example/")
    assert caught.value.field == "base_url"

    with pytest.raises(InvalidRequestError):
        face.ThreadsClient(base_url="no address")
