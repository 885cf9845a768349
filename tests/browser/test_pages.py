"""What a person sees, in light and dark, on a wide and on a narrow screen."""

from __future__ import annotations

import re

import pytest
from conftest import Dashboard, OpenPage
from playwright.sync_api import Page, expect

CONTRAST = """
() => {
  const channel = (value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const read = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = read(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return read(getComputedStyle(document.documentElement).backgroundColor);
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const isText = (node) => node.nodeType === 3 && node.textContent.trim();
    if (![...element.childNodes].some(isText)) continue;
    if (element.closest("svg, datalist, option") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(read(style.color)), light(background(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const words = element.textContent.trim().slice(0, 40);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)}: ${words}`);
  }
  return poor;
}
"""


def paths(dashboard: Dashboard) -> list[str]:
    user = dashboard.account("kedai.senja")["user"]
    post = dashboard.read("/api/jobs")["scheduled_posts"][0]["id"]
    return [
        "/",
        f"/accounts/{user}",
        f"/accounts/{user}?range=1y",
        f"/accounts/{user}/posts",
        f"/accounts/{user}/plan",
        f"/accounts/{user}/table",
        f"/accounts/{user}/disconnect",
        f"/posts/{post}",
        "/connect",
        "/privacy",
        "/terms",
        "/nowhere",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_every_page_is_legible_and_fits(
    dashboard: Dashboard, open_page: OpenPage, scheme: str, width: int
) -> None:
    page = open_page("/", color_scheme=scheme, viewport={"width": width, "height": 800})
    for path in paths(dashboard):
        page.goto(dashboard.address + path)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(CONTRAST) == [], path
        expect(page.locator("h1")).to_have_count(1)
        expect(page.get_by_role("complementary")).to_contain_text("Demonstration")
        is_dark = page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 100"
        )
        assert is_dark == (scheme == "dark")


def test_the_style_sheet_and_the_script_are_in_use(open_page: OpenPage) -> None:
    page = open_page("/")

    font = page.evaluate("getComputedStyle(document.documentElement).fontFamily")

    assert font.startswith("system-ui")
    assert page.evaluate("document.styleSheets.length") == 1


def test_three_accounts_with_their_numbers(dashboard: Dashboard, open_page: OpenPage) -> None:
    page = open_page("/")

    for account in dashboard.accounts():
        card = page.locator(".card", has_text="@" + account["profile"]["username"])
        followers = f"{account['followers']['value']:,}"
        expect(card.locator(".value")).to_have_text(followers)


def test_a_chart_is_read_with_the_arrow_keys(dashboard: Dashboard, open_page: OpenPage) -> None:
    account = dashboard.account("kedai.senja")
    page = open_page(f"/accounts/{account['user']}?range=30d")
    chart = page.get_by_role("img", name="Followers", exact=True)

    chart.focus()
    chart.press("End")
    last = page.locator("#followers-heading ~ output, [data-chart] output").first
    expect(last).to_have_text(re.compile(rf"{account['followers']['value']:,} followers$"))
    shown = last.inner_text()
    chart.press("ArrowLeft")

    expect(last).not_to_have_text(shown)


def test_a_chart_has_a_table_with_the_same_number(
    dashboard: Dashboard, open_page: OpenPage
) -> None:
    account = dashboard.account("tiny.telescope")
    page = open_page(f"/accounts/{account['user']}?range=7d")

    page.get_by_text("Show as table").first.click()

    rows = page.locator("table").first.locator("tbody tr")
    expect(rows).to_have_count(7)
    expect(rows.first).to_contain_text(f"{account['followers']['value']:,}")


def test_a_name_written_right_to_left_keeps_its_place(
    dashboard: Dashboard, open_page: OpenPage
) -> None:
    account = dashboard.account("noor.reads")
    page = open_page(f"/accounts/{account['user']}")

    expect(page.locator("h1")).to_have_text(account["profile"]["name"])
    direction = page.locator("p.quote").first.evaluate("e => getComputedStyle(e).direction")
    assert direction == "rtl"


def focused(page: Page) -> str:
    return page.evaluate(
        "() => { const e = document.activeElement;"
        " const label = e.getAttribute('aria-label') || e.labels?.[0]?.textContent;"
        " return (label || e.textContent).trim(); }"
    )


def test_everything_is_reached_with_the_keyboard(dashboard: Dashboard, open_page: OpenPage) -> None:
    user = dashboard.account("kedai.senja")["user"]
    page = open_page(f"/accounts/{user}")
    reached = []
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.append(focused(page))
        visible = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return document.activeElement === document.body || s.outlineStyle !== 'none'; }"
        )
        assert visible, f"the focus on {reached[-1]!r} cannot be seen"

    assert reached[0] == "Skip to content"
    for wanted in [
        "Accounts",
        "Connect an account",
        "Collect now",
        "7 days",
        "Show as table",
        "Download CSV",
        "Text",
        "Images and videos",
        "Schedule",
        "Disconnect and delete",
        "Save",
    ]:
        assert any(wanted in name for name in reached), wanted


def test_the_skip_link_leads_to_the_content(open_page: OpenPage) -> None:
    page = open_page("/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    # The key is pressed before the browser has followed the link.
    page.wait_for_url("**/#content")
