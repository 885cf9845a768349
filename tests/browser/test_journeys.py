"""What a person does, with JavaScript and without."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import Dashboard, OpenPage
from playwright.sync_api import Page, expect

WITH_AND_WITHOUT = pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
PAYLOAD = '<img src=x onerror=alert(1)> & "quotes"'


def tomorrow(zone: str) -> str:
    return (datetime.now(ZoneInfo(zone)) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")


def open_account(
    dashboard: Dashboard, open_page: OpenPage, username: str, javascript: bool
) -> Page:
    user = dashboard.account(username)["user"]
    return open_page(f"/accounts/{user}", java_script_enabled=javascript)


@WITH_AND_WITHOUT
def test_a_post_is_scheduled_and_cancelled(
    dashboard: Dashboard, open_page: OpenPage, javascript: bool
) -> None:
    text = f"{PAYLOAD} {javascript}"
    page = open_account(dashboard, open_page, "kedai.senja", javascript)
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_label("Date and time in Asia/Jakarta").fill(tomorrow("Asia/Jakarta"))
    page.get_by_text("Topic and replies").click()
    page.get_by_label("Topic", exact=True).fill("kopi")

    page.get_by_role("button", name="Schedule").click()

    expect(page.locator(".note[role=status]")).to_contain_text("The post is scheduled.")
    expect(page.locator(".quote")).to_have_text(text)
    expect(page.locator("#state .chip")).to_have_text("Scheduled")
    (post,) = dashboard.posts(text)
    assert post["phase"]["name"] == "scheduled"
    assert post["draft"]["topic_tag"] == "kopi"

    page.get_by_role("button", name="Cancel this post").click()

    expect(page.locator(".note[role=status]")).to_contain_text("Nothing was published.")
    expect(page.locator("#state .chip")).to_have_text("Cancelled")
    assert dashboard.posts(text)[0]["phase"]["name"] == "cancelled"


@WITH_AND_WITHOUT
def test_a_draft_is_put_forward_and_approved(
    dashboard: Dashboard, open_page: OpenPage, javascript: bool
) -> None:
    text = f"A draft {javascript}"
    page = open_account(dashboard, open_page, "kedai.senja", javascript)
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_label("Date and time in Asia/Jakarta").fill(tomorrow("Asia/Jakarta"))
    page.get_by_role("button", name="Keep as a draft").click()

    draft = page.locator("section[aria-labelledby=drafts] li")
    expect(draft.get_by_label("Text", exact=True)).to_have_value(text)
    draft.get_by_label("Your name").fill("Ani")
    draft.get_by_role("button", name="Ask for approval").click()
    expect(draft.locator(".chip")).to_have_text("Waits for approval")
    assert dashboard.posts(text) == []
    draft.get_by_label("Your name").fill("Budi")
    draft.get_by_role("button", name="Approve and schedule").click()

    expect(page.locator(".note[role=status]")).to_contain_text("approved and scheduled")
    assert dashboard.posts(text)[0]["phase"]["name"] == "scheduled"


@WITH_AND_WITHOUT
def test_a_refused_form_keeps_what_was_typed(
    dashboard: Dashboard, open_page: OpenPage, javascript: bool
) -> None:
    page = open_account(dashboard, open_page, "noor.reads", javascript)
    page.get_by_label("Text", exact=True).fill("x" * 501)

    page.get_by_role("button", name="Schedule").click()

    expect(page.get_by_role("alert")).to_contain_text("was not scheduled")
    field = page.get_by_label("Text", exact=True)
    expect(field).to_have_value("x" * 501)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#text-error")).to_contain_text("501 characters are more than 500")
    expect(page.locator("#due-error")).to_contain_text("Choose a date and a time.")


def test_the_counter_counts_while_typing(dashboard: Dashboard, open_page: OpenPage) -> None:
    page = open_account(dashboard, open_page, "noor.reads", True)

    page.get_by_label("Text", exact=True).fill("kopi ☕")

    expect(page.locator("#text-length")).to_have_text("6 of 500 characters, 8 bytes")


@WITH_AND_WITHOUT
def test_an_account_is_disconnected_and_connected_again(
    dashboard: Dashboard, open_page: OpenPage, javascript: bool
) -> None:
    page = open_account(dashboard, open_page, "tiny.telescope", javascript)
    page.get_by_role("link", name="Disconnect and delete").click()
    expect(page.locator("h1")).to_contain_text("Disconnect Tiny Telescope?")

    page.get_by_role("button", name="Disconnect and delete").click()

    expect(page.locator(".note[role=status]")).to_contain_text(
        "everything stored about it is deleted"
    )
    assert len(dashboard.accounts()) == 2

    page.get_by_role("link", name="Connect an account").first.click()
    page.get_by_role("button", name="Continue to the sandbox").click()
    expect(page.get_by_text("This is a sandbox.")).to_be_visible()
    page.get_by_label("Tiny Telescope").check()
    page.get_by_role("button", name="Allow").click()

    page.wait_for_url(re.compile(r"/accounts/\d+\?notice=connected"))
    expect(page.locator(".note[role=status]")).to_contain_text("The account is connected.")
    expect(page.locator("h1")).to_have_text("Tiny Telescope")
    assert len(dashboard.accounts()) == 3
    measured = dashboard.account("tiny.telescope")["followers"]
    assert measured["state"] == "measured"


@WITH_AND_WITHOUT
def test_a_denial_connects_nothing(
    dashboard: Dashboard, open_page: OpenPage, javascript: bool
) -> None:
    before = len(dashboard.accounts())
    page = open_page("/connect", java_script_enabled=javascript)
    page.get_by_role("button", name="Continue to the sandbox").click()

    page.get_by_role("button", name="Deny").click()

    expect(page.locator("h1")).to_have_text("You chose not to allow it")
    assert len(dashboard.accounts()) == before


@WITH_AND_WITHOUT
def test_a_time_zone_is_chosen(dashboard: Dashboard, open_page: OpenPage, javascript: bool) -> None:
    page = open_account(dashboard, open_page, "noor.reads", javascript)
    zone = "Asia/Riyadh" if javascript else "Africa/Cairo"
    page.get_by_label("Days and times of this account").fill(zone)

    page.get_by_role("button", name="Save").click()

    expect(page.locator(".note[role=status]")).to_contain_text("The time zone is saved.")
    expect(page.get_by_label(f"Date and time in {zone}")).to_be_visible()


def test_a_post_goes_out_while_somebody_looks(dashboard: Dashboard, open_page: OpenPage) -> None:
    page = open_account(dashboard, open_page, "kedai.senja", True)
    soon = datetime.now(ZoneInfo("Asia/Jakarta")) + timedelta(seconds=8)
    page.get_by_label("Text", exact=True).fill("Live sebentar lagi.")
    due = page.get_by_label("Date and time in Asia/Jakarta")
    due.evaluate("e => e.setAttribute('step', '1')")
    due.fill(soon.strftime("%Y-%m-%dT%H:%M:%S"))

    page.get_by_role("button", name="Schedule").click()

    expect(page.locator("#state .chip")).to_have_text("Published", timeout=60_000)
    expect(page.locator("#attempts .chip")).to_have_text("Published")
