"""The status page as a browser meets it: who is let in, what is shown, and that it stays fresh."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx2
import pytest

from provisioning.console.pages import COOKIE

SAME = {"Sec-Fetch-Site": "same-origin"}
PEOPLE = 5


@pytest.fixture(scope="module")
def report(served):
    report = served.take(served.sheet(PEOPLE))
    served.house.sealer.seal_once()
    return report


@pytest.fixture
def browser(served):
    with httpx2.Client(base_url=served.url, trust_env=False, verify=False, follow_redirects=True, timeout=20) as client:
        yield client


@pytest.fixture
def inside(served, browser):
    answer = browser.post("/enter", data={"token": served.tokens["security"]}, headers=SAME)
    assert answer.status_code == 200
    return browser


class _Strict(HTMLParser):
    """Collects what a strict CSP would block, and what a page lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        self.blocked += [f"{tag} {name}" for name in found if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in found):
            self.blocked.append(tag)


def _read(page: str) -> _Strict:
    parser = _Strict()
    parser.feed(page)
    return parser


def test_a_stranger_sees_the_door_and_nothing_else(browser, report):
    page = browser.get("/").text
    assert 'action="/enter"' in page
    assert "a-1" not in page
    assert browser.get("/live").status_code == 401


def test_a_token_opens_the_page_and_the_cookie_is_kept_close(served, browser, report):
    answer = browser.post("/enter", data={"token": served.tokens["hr"]}, headers=SAME)
    (entered,) = answer.history
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert served.tokens["hr"] not in cookie
    assert "the-hr" in answer.text


def test_a_wrong_token_does_not(browser):
    answer = browser.post("/enter", data={"token": "foyer_wrong"}, headers=SAME)
    assert answer.status_code == 401
    assert "This token is not known" in answer.text
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/enter", "/leave"])
def test_a_form_from_elsewhere_does_nothing(served, browser, path, headers):
    answer = browser.post(path, data={"token": served.tokens["hr"]}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-form")
    assert COOKIE not in browser.cookies


def test_an_older_browser_is_known_by_its_origin(served, browser):
    answer = browser.post("/enter", data={"token": served.tokens["hr"]}, headers={"Origin": served.url})
    assert answer.status_code == 200
    assert COOKIE in browser.cookies


def test_a_link_opens_the_page_once(served, browser, report):
    with served.client("security") as security:
        path = security.post("/enter/link").json()["path"]
    assert "the-security" in browser.get(path).text
    browser.cookies.clear()
    spent = browser.get(path).text
    assert 'action="/enter"' in spent
    assert "used already" in spent


def test_nobody_gets_a_link_without_a_token(browser):
    assert browser.post("/enter/link").status_code == 401
    assert browser.post("/enter/link", headers={"Authorization": "Bearer foyer_wrong"}).status_code == 401


def test_leaving_ends_the_session(inside):
    cookie = inside.cookies[COOKIE]
    assert 'action="/enter"' in inside.post("/leave", headers=SAME).text
    inside.cookies.set(COOKIE, cookie)
    assert inside.get("/live").status_code == 401


def test_the_page_shows_figures_targets_and_events_but_no_name(served, inside, report):
    page = inside.get("/").text
    with served.client("hr") as hr:
        people = hr.get("/persons").json()["people"]
    assert all(f"<td>{one['no']}</td>" in page or one["no"] not in page for one in people)
    assert any(one["no"] in page for one in people)
    assert not any(one["name"] in page or one["phone"] in page for one in people)
    for target in ("a-1", "f-1"):
        assert target in page
    assert f"<b>{len(people)}</b>" in page
    assert "<progress" in page


@pytest.mark.parametrize("path", ["/?lang=zh", "/?lang=en"])
def test_nothing_on_the_page_needs_a_looser_policy(inside, report, path):
    read = _read(inside.get(path).text)
    assert read.blocked == []
    addresses = [found.get(name) for _, found in read.tags for name in ("src", "href", "action") if name in found]
    assert all(address.startswith(("/", "data:,")) for address in addresses if address)
    assert ("html", {"lang": "zh-CN" if "zh" in path else "en"}) in read.tags


def test_the_language_is_chosen_and_remembered(inside, report):
    assert "先行示范园区" in inside.get("/?lang=zh").text
    assert "最近事件" in inside.get("/").text
    assert "Last events" in inside.get("/?lang=en").text


def test_the_browsers_language_is_the_first(browser):
    assert "令牌" in browser.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).text


def test_static_files_are_ours_and_no_others(browser):
    assert browser.get("/static/console.js").headers["content-type"].startswith("text/javascript")
    for name in ("../pages.py", "pages.py", "..%2Fpages.py", "nothing.css"):
        assert browser.get(f"/static/{name}").status_code == 404


def _boards(lines, count):
    """The next `count` events of a stream, each with its data in one text."""
    found, name, data = [], "", []
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and name:
            found.append((name, "\n".join(data)))
            name, data = "", []
            if len(found) == count:
                return found
    return found


def _count(served):
    with served.house.store.reading() as tx:
        return served.house.readiness.overview(tx).people


def test_the_page_stays_fresh_and_ends_with_its_operator(served, browser, report):
    with served.client("system") as system:
        token = system.post("/operators", json={"name": "watcher", "roles": ["hr"]}).json()["token"]
        browser.post("/enter", data={"token": token}, headers=SAME)
        with browser.stream("GET", "/live") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            ((name, board),) = _boards(lines, 1)
            before = f"<b>{_count(served)}</b>"
            assert (name, before in board) == ("board", True)
            served.take(served.sheet(PEOPLE + 2, seed=9))
            while before in board:
                ((name, board),) = _boards(lines, 1)
            assert name == "board"
            system.post("/operators/watcher/end")
            while name == "board":
                ((name, _),) = _boards(lines, 1)
            assert name == "gone"
