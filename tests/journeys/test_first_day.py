"""`foyer run`, as a newcomer types it: interrupted in the middle, started again, looked at, and stopped."""

from __future__ import annotations

import httpx2

from tests.journeys.conftest import Journey

PEOPLE = 60


def test_a_first_day_that_is_interrupted_goes_on_where_it_stopped(journey: Journey):
    words = ("run", "--campus", journey.campus.path, "--people", PEOPLE, "--port", 0)
    first = journey.start(*words)
    first.says("Importing a sample HR sheet")
    assert first.interrupt() == 0, first.said
    assert "Traceback" not in first.said, first.said
    second = journey.start(*words)
    second.says("Proved on the panels 100 %")
    second.says("Ctrl-C stops it; the next start goes on from here")
    third_of = second.says(r"Status page \(this link opens it once\): (http://[^/]+)(/\S+)")
    journey.url = third_of[1]
    batches = journey.get("/hr/batches")
    assert len(batches) == 1
    assert batches[0]["taken"] == PEOPLE
    assert journey.percent(batches[0]["id"]) == 100.0
    with httpx2.Client(base_url=journey.url, trust_env=False, verify=False, follow_redirects=True) as browser:
        paths = browser.get("/openapi.json").json()["paths"]
        assert {"/hr/batches", "/persons/{no}/revoke", "/targets", "/drift", "/audit/verify", "/readiness"} <= set(
            paths
        )
        assert browser.get("/docs").status_code == 200
        page = browser.get(third_of[2])
        assert page.status_code == 200
        assert "a-1" in page.text
    assert second.interrupt() == 0, second.said
    assert "Traceback" not in second.said, second.said
    assert "Stopped." in second.said
