"""`foyer run`: the whole house with an emulated campus in one process, and a first walk through it as a client of its own
API. A second start goes on where the first stopped."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioning.cli import readiness
from provisioning.cli.emulate import CannotEmulate
from provisioning.cli.errand import Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import CommandFailed, Hub, Problem, at
from provisioning.cli.serve import Place, keep, ports, taken
from provisioning.cli.sheets import send_sheet

if TYPE_CHECKING:
    from provisioning.compose import House

SAMPLE_PEOPLE = 200
SAMPLE_SEED = 2026
SAMPLE_NAME = "sample.xlsx"
WATCH_EVERY_S = 0.25
WATCH_S_MAX = 120.0
USUAL_PORT = 8000


def arguments(parser: Parser) -> None:
    """The words of `foyer run`."""
    parser.flag("--campus", default="small", metavar="FILE", help="a campus file, or one that ships: small")
    parser.flag(
        "--people", type=int, default=SAMPLE_PEOPLE, metavar="N", help="how many people the sample sheet has (200)"
    )
    ports(parser)
    parser.set_defaults(carry_out=run)


def run(errand: Errand) -> int:
    """Serve hub, gateway and emulated campus until Ctrl-C."""
    from devices.clock import SystemClock

    began = SystemClock().now()
    with taken(errand, errand.args.campus) as place:
        houses: list[House] = []

        @asynccontextmanager
        async def beside(house: House) -> AsyncGenerator[None]:
            houses.append(house)
            async with _panels(errand, house):
                yield

        def guide(place: Place, stopped: Callable[[], bool]) -> None:
            _Walk(errand, place, houses[0], stopped, began).go()

        return keep(errand, place, beside, guide)


@asynccontextmanager
async def _panels(errand: Errand, house: House) -> AsyncGenerator[None]:
    """The emulated panels of the campus in force, each with its memory in the hub's folder."""
    from devices.campus import CampusError, read, wires
    from devices.emulate import emulated
    from devices.wire import WireError
    from provisioning.compose import dice

    with house.store.reading() as tx:
        text = house.campuses.text(tx) or ""
    house.settings.panels.mkdir(parents=True, exist_ok=True)
    try:
        found = [wire for wire in wires(read(text, "campus")) if wire.emulated]
        async with emulated(found, house.settings.panels, house.clock, dice()):
            errand.screen.say(
                "{count} emulated panels with {doors} doors answer.", count=len(found), doors=_doors(found)
            )
            yield
    except (CampusError, WireError, OSError) as error:
        raise CannotEmulate(why=str(error)) from error


def _doors(found: list[Any]) -> int:
    return sum(len(wire.doors) for wire in found)


class _Walk:
    """What `run` does once its hub answers, as any client could."""

    def __init__(
        self, errand: Errand, place: Place, house: House, stopped: Callable[[], bool], began: datetime
    ) -> None:
        self._errand = errand
        self._screen = errand.screen
        self._place = place
        self._house = house
        self._stopped = stopped
        self._began = began

    def go(self) -> None:
        """Fill an empty house, show how ready it is, and say what to try. A refusal is told; the house goes on."""
        try:
            self._go()
        except CommandFailed as failure:
            if not self._stopped():
                self._screen.protest(failure.sentence(self._errand.language))
                self._screen.say("The hub serves at {url}. Ctrl-C stops it.", url=self._place.url)

    def _go(self) -> None:
        hub = Hub(self._place.url, self._token(), self._errand.language, self._screen.in_zone)
        try:
            batch = self._filled(hub)
            if batch is None or self._stopped():
                return
            answer = self._watched(hub, batch)
            self._told(hub, batch, answer)
        except Problem as problem:
            if problem.status_code != 401:
                raise
            # The bootstrap operator has ended: the house has operators of its own, and this is no first day.
            self._screen.say("The hub serves at {url}. Ctrl-C stops it.", url=self._place.url)
        finally:
            hub.close()

    def _token(self) -> str:
        return self._errand.read(self._house.settings.token).decode().strip()

    def _filled(self, hub: Hub) -> str | None:
        """The last batch; the sample, where there was none."""
        batches = hub.get("/hr/batches", {"limit": 1})
        if batches:
            self._screen.say("Going on where it stopped: {name} was taken before.", name=batches[0]["name"])
            return batches[0]["id"]
        sheet = self._sample()
        self._screen.say(
            "Importing a sample HR sheet of {count} people who do not exist.", count=self._errand.args.people
        )
        report = send_sheet(hub, SAMPLE_NAME, sheet, self._screen.progress("Rights decided"))
        return report["batch"]

    def _sample(self) -> bytes:
        from provisioning.compose import dice
        from provisioning.intake.sample import sample

        with self._house.store.reading() as tx:
            campus = self._house.campuses.current(tx)
            today = tx.now.astimezone(campus.zone).date()
        return sample(self._errand.args.people, dice(SAMPLE_SEED), campus, today)

    def _watched(self, hub: Hub, batch: str) -> dict[str, Any]:
        """Readiness as it rises, until nothing is outstanding, it takes too long, or the house stops."""
        bar = self._screen.progress("Proved on the panels")
        for _ in range(int(WATCH_S_MAX / WATCH_EVERY_S)):
            answer = hub.get("/readiness", {"batch": batch, "needs": False})
            bar.at(answer["counts"]["proved"], readiness.counting(answer))
            if readiness.settled(answer) or self._stopped():
                break
            time.sleep(WATCH_EVERY_S)
        bar.end()
        first = answer["first_proved"]
        if first is not None and datetime.fromisoformat(first) > self._began:
            seconds = (datetime.fromisoformat(first) - self._began).total_seconds()
            self._screen.say("First card proved on a panel {seconds} s after the start.", seconds=f"{seconds:.1f}")
        return answer

    def _told(self, hub: Hub, batch: str, answer: dict[str, Any]) -> None:
        screen, counts = self._screen, answer["counts"]
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
        link = hub.post("/enter/link")
        screen.put("")
        screen.say("Status page (this link opens it once): {url}", url=self._place.url + link["path"])
        screen.say("API and its documentation: {url}", url=f"{self._place.url}/docs")
        self._tell_tries(hub, batch)
        screen.put("")
        screen.say("Ctrl-C stops it; the next start goes on from here.")

    def _tell_tries(self, hub: Hub, batch: str) -> None:
        """Commands to try, with a person and a door of this very campus."""
        chosen = self._passable(hub, batch)
        if chosen is None:
            return
        no, card, door = chosen
        command = self._command()
        self._screen.put("")
        self._screen.say("In another terminal, try:")
        for words in (
            f"swipe {card} {door}",
            f"why {no}",
            f'revoke {no} --reason "left" --wait',
            f"swipe {card} {door}",
        ):
            self._screen.put(f"    {command} {words}")

    def _passable(self, hub: Hub, batch: str) -> tuple[str, int, str] | None:
        """A person, their card, and a door that it opens now."""
        now = self._house.clock.now()
        campus = hub.get("/campus")
        for need in hub.get("/readiness", {"batch": batch})["needs"]:
            if need["state"] != "proved" or datetime.fromisoformat(need["opens"]) > now:
                continue
            zone = need["resource"].removeprefix("zone:")
            target = next((each for each in campus["targets"] if each["id"] == need["target"]), None)
            doors = [door["id"] for door in target["doors"] if zone in door["zones"]] if target else []
            cards = [card for card in hub.get(at("persons", need["no"]))["cards"] if card["state"] == "active"]
            if doors and cards:
                return need["no"], cards[0]["number"], doors[0]
        return None

    def _command(self) -> str:
        """How this very command is started here, with what it needs to find this hub again."""
        script = "./foyer" if Path("foyer").is_file() else "foyer"
        url = "" if self._place.port == USUAL_PORT else f" --url {self._place.url}"
        data = getattr(self._errand.args, "data", None)
        return f"{script}{url}{f' --data {data}' if data else ''}"
