"""The blocking classes and the asyncio ones differ by `await`, and by nothing else."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from threads_monitor import async_client, async_monitor, client, monitor, oauth

TWINS = [
    (client.ThreadsClient, async_client.AsyncThreadsClient),
    (client.ProfileApi, async_client.AsyncProfileApi),
    (client.InsightsApi, async_client.AsyncInsightsApi),
    (client.PostsApi, async_client.AsyncPostsApi),
    (client.PublishingApi, async_client.AsyncPublishingApi),
    (client.QuotaApi, async_client.AsyncQuotaApi),
    (client.Page, async_client.AsyncPage),
    (monitor.Monitor, async_monitor.AsyncMonitor),
    (oauth.OAuthClient, oauth.AsyncOAuthClient),
]

#: Methods that do not wait for anything, so that both faces have them alike.
AT_ONCE = {
    "__init__",
    "__repr__",
    "authorize_url",
    "background",
    "start",
    "usage",
    "with_access_token",
}


def methods(kind: Any) -> dict[str, Any]:
    return {
        name: member
        for name, member in inspect.getmembers(kind)
        if (not name.startswith("_") or name == "__init__") and callable(member)
    }


@pytest.mark.parametrize(("blocking", "awaiting"), TWINS)
def test_twins_have_the_same_methods_and_parameters(blocking: Any, awaiting: Any) -> None:
    ours, theirs = methods(blocking), methods(awaiting)

    assert ours.keys() == theirs.keys()
    for name in ours:
        parameters = inspect.signature(ours[name]).parameters
        assert parameters == inspect.signature(theirs[name]).parameters, name
        assert inspect.iscoroutinefunction(theirs[name]) == (name not in AT_ONCE), name
        assert not inspect.iscoroutinefunction(ours[name]), name


@pytest.mark.parametrize(("blocking", "awaiting"), TWINS)
def test_twins_are_documented_alike(blocking: Any, awaiting: Any) -> None:
    for name, method in methods(blocking).items():
        ours, theirs = inspect.getdoc(method), inspect.getdoc(methods(awaiting)[name])
        assert ours, name
        assert ours == theirs, name


@pytest.mark.parametrize(("blocking", "awaiting"), TWINS)
def test_options_are_keyword_only(blocking: Any, awaiting: Any) -> None:
    for kind in (blocking, awaiting):
        for name, method in methods(kind).items():
            for parameter in inspect.signature(method).parameters.values():
                if parameter.default is not inspect.Parameter.empty:
                    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, (name, parameter)
