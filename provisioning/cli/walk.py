"""What `foyer run` does once its hub answers, as any client could: it hands in people, watches them being proved, and says
what to try."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from provisioning.cli import readiness
from provisioning.cli.era import put_recovering
from provisioning.cli.errand import DEFAULT_URL, TOKEN_FILE, Errand
from provisioning.cli.hub import CommandFailed, Hub, Problem, at
from provisioning.cli.play import Play, Played, Stage, tell_holds
from provisioning.cli.readers import Readers
from provisioning.cli.serve import Place

WATCH_EVERY_S, WATCH_MANY_EVERY_S = 0.25, 1.5
MANY_RECORDS = 10_000
WATCH_S_MAX = 900.0
PEOPLE_TRIED_MAX = 20
PANELS, SERIAL = "wg", "osdp"


class Walk:
    """One walk through a house that serves at `place`, for the operator whose token stands in a file there."""

    def __init__(self, errand: Errand, place: Place, stage: Stage, began: datetime) -> None:
        self._errand = errand
        self._screen = errand.screen
        self._place = place
        self._stage = stage
        self._began = began

    def go(self) -> None:
        """Fill an empty house, show how ready it is, and say what to try. A refusal is told; the house goes on."""
        try:
            self._go()
        except CommandFailed as failure:
            if not self._stage.stopped():
                self._screen.protest(failure.sentence(self._errand.language))
                self._screen.say("The hub serves at {url}. Ctrl-C stops it.", url=self._place.url)

    def _go(self) -> None:
        hub = Hub(self._place.url, self._token(), self._errand.language, self._screen.in_zone)
        try:
            readers = Readers(self._errand, hub, self._stage.stopped)
            readers.pair()
            played = Play(self._errand, self._stage).go(hub)
            if self._stage.stopped():
                return
            self._watch(hub)
            if not self._stage.stopped():
                self._told(hub, played, readers)
        except Problem as problem:
            if problem.status_code != 401:
                raise
            # The bootstrap operator has ended: the house has operators of its own, and this is no first day.
            self._screen.say("The hub serves at {url}. Ctrl-C stops it.", url=self._place.url)
        finally:
            hub.close()

    def _token(self) -> str:
        return self._errand.read(self._place.data / TOKEN_FILE).decode().strip()

    def _watch(self, hub: Hub) -> None:
        """How many records are proved, as they rise, until nothing is outstanding, it takes too long, or the house stops.
        While the hub recovers from a restore, nothing is written that could be watched."""
        era = hub.get("/era")
        if era["recovering"]:
            put_recovering(self._screen, era)
            self._screen.say("What differs, and who ends it: foyer era show")
            return
        bar = self._screen.progress("Proved on the panels")
        for _ in range(int(WATCH_S_MAX / WATCH_EVERY_S)):
            targets = hub.get("/targets")
            wanted, refused = (sum(each[figure] for each in targets) for figure in ("records", "refused"))
            proved = wanted - sum(each["dirty"] for each in targets)
            bar.at(max(0, proved), wanted)
            if proved + refused >= wanted or self._stage.stopped():
                break
            time.sleep(WATCH_EVERY_S if wanted < MANY_RECORDS else WATCH_MANY_EVERY_S)
        bar.end()

    def _told(self, hub: Hub, played: Played, readers: Readers) -> None:
        answer = hub.get("/readiness", {"batch": played.first, "needs": False})
        screen, counts = self._screen, answer["counts"]
        self._tell_first(answer["first_proved"])
        if answer["percent"] is not None:
            screen.say(
                "{percent} % proved ready: {proved} of {all} needs (people: {people}).",
                percent=f"{answer['percent']:g}",
                proved=counts["proved"],
                all=readiness.counting(answer),
                people=answer["people"],
            )
        if counts["waiting"]:
            screen.say("{count} more needs wait for their day.", count=counts["waiting"])
        if not readiness.settled(answer):
            screen.say("Something is still outstanding; see where: foyer targets")
        serial = self._passable(hub, SERIAL)
        if serial is not None:
            readers.walk_through(*serial[1:])
        link = hub.post("/enter/link")
        screen.put("")
        screen.say("Status page (this link opens it once): {url}", url=self._place.url + link["path"])
        screen.say("API and its documentation: {url}", url=f"{self._place.url}/docs")
        self._tell_tries(hub, played)
        tell_holds(self._errand, hub, self._command())
        screen.put("")
        screen.say("Ctrl-C stops it; the next start goes on from here.")

    def _tell_first(self, first: str | None) -> None:
        if first is not None and datetime.fromisoformat(first) > self._began:
            seconds = (datetime.fromisoformat(first) - self._began).total_seconds()
            self._screen.say("First card proved on a panel {seconds} s after the start.", seconds=f"{seconds:.1f}")

    def _tell_tries(self, hub: Hub, played: Played) -> None:
        """Commands to try, with a person, a door and an office of this very campus."""
        chosen, command = self._passable(hub, PANELS), self._command()
        tries: list[str] = []
        if chosen is not None:
            no, card, door = chosen
            tries = [f"swipe {card} {door}", f"why {no}", f'revoke {no} --reason "left" --wait', f"swipe {card} {door}"]
        if played.office is not None:
            tries += [f"seat list --office {played.office}", f"seat show {played.office}-01", "flat offers"]
        if not tries:
            return
        self._screen.put("")
        self._screen.say("In another terminal, try:")
        for words in tries:
            self._screen.put(f"    {command} {words}")

    def _passable(self, hub: Hub, kind: str) -> tuple[str, int, str] | None:
        """A person, their card, and a door of this kind of target that it opens now."""
        from devices.clock import SystemClock

        now = SystemClock().now()
        doors = {
            (target["id"], f"zone:{zone}"): door["id"]
            for target in hub.get("/campus")["targets"]
            if target["kind"] == kind
            for door in target["doors"]
            for zone in door["zones"]
        }
        for person in hub.get("/persons", {"limit": PEOPLE_TRIED_MAX})["people"]:
            cards = [
                card["number"] for card in hub.get(at("persons", person["no"]))["cards"] if card["state"] == "active"
            ]
            for need in hub.get("/readiness", {"person": person["no"]})["needs"] if cards else ():
                door = doors.get((need["target"], need["resource"]))
                if door and need["state"] == "proved" and datetime.fromisoformat(need["opens"]) <= now:
                    return person["no"], cards[0], door
        return None

    def _command(self) -> str:
        """How this very command is started here, with what it needs to find this hub again."""
        script = "./foyer" if Path("foyer").is_file() else "foyer"
        url = "" if self._place.url == DEFAULT_URL else f" --url {self._place.url}"
        data = getattr(self._errand.args, "data", None)
        return f"{script}{url}{f' --data {data}' if data else ''}"
