"""The only place that builds the rooms and joins them. What is real (clock, randomness, threads) enters here."""

from __future__ import annotations

import asyncio
import gc
import random
import secrets
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from connectors import registry
from connectors.contract import Connector, Json
from connectors.doorkeeper import OpenBus
from connectors.ears import Ears
from connectors.edge import Edge
from connectors.gateway import AT_WORK, SWITCH_S, Build, Gateway
from connectors.kept import Kept
from connectors.partings import Partings
from devices.clock import Clock, SystemClock
from devices.osdp.bus import Bus
from provisioning.alarms.alarms import Alarms
from provisioning.alarms.courier import Courier
from provisioning.alarms.hooks import Hooks
from provisioning.alarms.levels import Patience
from provisioning.alarms.posting import Poster, Resolve, by_the_system
from provisioning.alarms.watch import Watch
from provisioning.api.app import create_app
from provisioning.campus.campuses import Campuses
from provisioning.conditions import endings
from provisioning.conditions.conditions import Conditions
from provisioning.conditions.endings import Endings
from provisioning.conditions.exempt import Exempt
from provisioning.console.pages import Console
from provisioning.delivery.delivery import Delivery
from provisioning.delivery.desk import HubDesk
from provisioning.delivery.queues import Queues
from provisioning.gateways.office import Office
from provisioning.grants.eras import Eras
from provisioning.grants.fixtures import Fixtures
from provisioning.grants.giving import Giving
from provisioning.grants.grants import Grants
from provisioning.grants.proposals import Proposals
from provisioning.grants.replay import Replay
from provisioning.grants.revoking import Revoking
from provisioning.grants.rulebook import Rulebook
from provisioning.grants.timer import Timer
from provisioning.holds.holds import Holds
from provisioning.house import Guarding, Hearing, Hop, House
from provisioning.identity.cards import Cards
from provisioning.identity.loans import Loans
from provisioning.identity.persons import Persons
from provisioning.identity.pins import Pins
from provisioning.intake.intake import Intake
from provisioning.intake.notices import Notices
from provisioning.intake.webhook import Senders
from provisioning.nouns.ids import Ids, RandomBytes
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor
from provisioning.operators.operators import Operators
from provisioning.passages.desk import HubPassageDesk
from provisioning.passages.keeping import Keeping
from provisioning.passages.lines import OwnLines
from provisioning.passages.passages import Passages, Upon
from provisioning.passages.views import PassageViews
from provisioning.readiness.asof import AsOf
from provisioning.readiness.readiness import Readiness
from provisioning.settings import Settings
from provisioning.space.allotments import Allotments
from provisioning.space.labels import Labels
from provisioning.space.scans import Scans
from provisioning.space.space import Space
from provisioning.store import delivery as delivery_rows
from provisioning.store.engine import Store, Tx
from provisioning.store.holding import held
from provisioning.story.backups import Backups, sweep
from provisioning.story.proofs import Proofs
from provisioning.story.restoring import refuse_unfinished
from provisioning.story.sealer import Sealer
from provisioning.story.signing import Signer, load_or_make_signer
from provisioning.story.story import Story
from provisioning.story.tail import Tail, TailForeign, TailUnwritable
from provisioning.vault.keyfile import write_synced
from provisioning.vault.master import load_or_make
from provisioning.vault.vault import Vault

EMBEDDED = "gateway:embedded"
GARBAGE_MAX = 20_000
READ_SPREAD_S = 60
HOUSE = Actor("house:start")


@dataclass(frozen=True, slots=True)
class World:
    """What a hub needs of the world outside. A rehearsal in virtual time hands in another."""

    clock: Clock = field(default_factory=SystemClock)
    random_bytes: RandomBytes = secrets.token_bytes
    hop: Hop = asyncio.to_thread
    resolve: Resolve = by_the_system
    bus: OpenBus = Bus


@dataclass(frozen=True, slots=True)
class Web:
    """What a hub shows to the world. `stop` lets open pages go, so that the server can end."""

    app: FastAPI
    stop: Callable[[], None]


def web(house: House) -> Web:
    """The API of a house, with the console's pages beside it."""
    console = Console(house)

    def stop() -> None:
        console.stop()
        house.office.bells.stop()

    return Web(create_app(house, [console.router]), stop)


def dice(seed: int | None = None) -> random.Random:
    """Chance for emulators and samples, which keep no secrets; the same for the same seed."""
    return random.Random(seed)  # noqa: S311 - nothing secret is made of it


@contextmanager
def opened(settings: Settings, world: World | None = None) -> Generator[House]:
    """Build a house on its folder and hold that folder until the block ends.

    Raises `StoreHeld` where another hub serves it, and the vault's refusals where a key file is missing or exposed.
    """
    world = world or World()
    _spare_the_collector()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with held(settings.lock):
        refuse_unfinished(settings.data)
        sweep(settings.data)
        fresh = not settings.database.exists()
        master = load_or_make(settings.master_key, world.random_bytes, fresh=fresh)
        signer = load_or_make_signer(settings.signing_key, world.random_bytes, fresh=fresh)
        ids = Ids(world.random_bytes)
        store = Store(settings.database, world.clock, ids)
        kept = Kept(settings.kept, world.clock, world.hop)
        edge = Edge(settings.data, world.clock, world.random_bytes, world.hop, world.bus)
        try:
            yield _joined(settings, world, store, Vault(master, world.random_bytes), signer, _Own(kept, edge))
        finally:
            edge.close()
            kept.close()
            store.close()


@dataclass(frozen=True, slots=True)
class _Own:
    """What the hub's own gateway keeps on its disk and drives by itself, and how it speaks to a target."""

    kept: Kept
    edge: Edge

    def build(self, store: Store, campuses: Campuses) -> Build:
        """Makes connectors, in the campus's time zone."""
        return partial(_connector, store, campuses, self.edge)

    def partings(self, hearing: Hearing, world: World) -> Partings:
        """How it lets lines go."""
        return Partings(self.edge, hearing.ears.handed_in, world.clock)


def _joined(settings: Settings, world: World, store: Store, vault: Vault, signer: Signer, own: _Own) -> House:
    alarms = Alarms(story := Story(vault), Patience(*settings.alarm_minutes))
    hooks, courier = _hooked(settings, world, store, vault, story, alarms)
    holds, campuses = Holds(story, alarms), Campuses(story)
    persons, cards = Persons(vault, story), Cards(story)
    rulebook, space, labels = Rulebook(story), Space(story), Labels(vault)
    grants = Grants(story, alarms, campuses, rulebook, space)
    fixtures, delivery = Fixtures(story, campuses, grants), Delivery(story, alarms, EMBEDDED)
    office = _office(settings, world, store, vault, story, alarms, delivery, campuses, signer)
    guarding = _guarding(world, store, story, alarms, campuses, delivery, fixtures, office)
    hearing = _hearing(settings, world, store, story, alarms, campuses, guarding, own)
    operators, intake = Operators(vault, story), Intake(persons, story, campuses, holds)
    replay = partial(Replay, story, alarms, grants, fixtures, campuses, rulebook, persons, signer.verifying_key)
    tail = _furnished(store, settings, operators, rulebook, delivery, replay)
    return House(
        settings=settings,
        clock=world.clock,
        ids=store.ids,
        hop=world.hop,
        store=store,
        vault=vault,
        story=story,
        proofs=Proofs(signer.verifying_key, settings.checkpoints),
        sealer=Sealer(store, signer, settings.checkpoints, partial(_unsigned, alarms), tail),
        backups=Backups(store, story, signer.verifying_key, version("foyer")),
        eras=Eras(story),
        alarms=alarms,
        hooks=hooks,
        courier=courier,
        watch=Watch(store, (alarms, Queues(alarms), office.gateways), world.hop),
        holds=holds,
        campuses=campuses,
        operators=operators,
        persons=persons,
        cards=cards,
        pins=Pins(vault, story),
        intake=intake,
        notices=Notices(persons, campuses, holds),
        senders=Senders(vault, story, alarms),
        rulebook=rulebook,
        space=space,
        allotments=Allotments(story),
        labels=labels,
        scans=Scans(vault, story, labels, world.clock),
        grants=grants,
        fixtures=fixtures,
        guarding=guarding,
        giving=Giving(story, grants, campuses),
        proposals=Proposals(holds, campuses, rulebook, grants, persons, intake),
        revoking=Revoking(story, grants, campuses),
        timer=Timer(store, grants, fixtures, world.hop),
        delivery=delivery,
        office=office,
        gateway=_gateway(store, delivery, campuses, world, own),
        edge=own.edge,
        lines=OwnLines(store, campuses, vault, world.hop, office.handing, own.partings(hearing, world)),
        hearing=hearing,
        readiness=Readiness(campuses, grants),
        asof=AsOf(),
    )


def _hooked(
    settings: Settings, world: World, store: Store, vault: Vault, story: Story, alarms: Alarms
) -> tuple[Hooks, Courier]:
    """Where alarms are told outside, and who tells them there."""
    hooks = Hooks(vault, story, settings.hook_networks)
    poster = Poster(settings.hook_networks, world.resolve)
    return hooks, Courier(store, story, alarms, hooks, poster, world.clock, world.hop)


def _office(
    settings: Settings,
    world: World,
    store: Store,
    vault: Vault,
    story: Story,
    alarms: Alarms,
    delivery: Delivery,
    campuses: Campuses,
    signer: Signer,
) -> Office:
    """What the hub has for gateways of their own."""
    return Office.opened(
        store, story, alarms, vault, world.random_bytes, delivery, campuses, signer.verifying_key.name,
        term=timedelta(days=settings.gateway_term_days), certificate=settings.certificate,
    )  # fmt: skip


def _gateway(store: Store, delivery: Delivery, campuses: Campuses, world: World, own: _Own) -> Gateway:
    """The hub's own gateway, at a desk in the same process."""
    desk = HubDesk(store, delivery, EMBEDDED, world.hop)
    return Gateway(desk, own.build(store, campuses), own.kept, world.clock, slots=AT_WORK)


def _guarding(
    world: World,
    store: Store,
    story: Story,
    alarms: Alarms,
    campuses: Campuses,
    delivery: Delivery,
    fixtures: Fixtures,
    office: Office,
) -> Guarding:
    """What security orders: the doors follow through what targets are to be set to, ahead of other work."""
    conditions = Conditions(story, alarms, campuses, delivery.acts, partial(fixtures.restate, urgent=True))
    loans = Loans(story)
    watch = Watch(store, (Endings(conditions, delivery.acts, loans), office.handing), world.hop, endings.LOOK_S)
    return Guarding(conditions, Exempt(campuses, delivery.acts), loans, watch)


def _hearing(
    settings: Settings,
    world: World,
    store: Store,
    story: Story,
    alarms: Alarms,
    campuses: Campuses,
    guarding: Guarding,
    own: _Own,
) -> Hearing:
    """What hears doors, at a desk in the same process."""
    passages = Passages(story, alarms, campuses, Upon(guarding.exempt.denied, guarding.conditions.fire))
    desk = HubPassageDesk(store, passages, world.hop)
    return Hearing(
        Ears(desk, own.build(store, campuses), world.clock, bell=own.edge.bell),
        passages,
        PassageViews(story, campuses),
        Keeping(store, settings.passage_days, world.hop),
    )


def _spare_the_collector() -> None:
    """What is loaded by now stays for good, and a batch makes many values that die young without a cycle among them:
    left as it is, Python's cycle collector would go through all of it again and again."""
    gc.freeze()
    gc.set_threshold(GARBAGE_MAX)
    sys.setswitchinterval(SWITCH_S)


def _furnished(
    store: Store,
    settings: Settings,
    operators: Operators,
    rulebook: Rulebook,
    delivery: Delivery,
    replay: Callable[[Path, Path], Replay],
) -> Tail:
    """Make a hub ready for use, and take up a recovery that was begun; what it is to tell of outside from then on."""
    with store.writing() as tx:
        _furnish(tx, settings, operators, rulebook, delivery)
        return replay(settings.checkpoints, settings.tail_folder).resume(tx)


def _furnish(tx: Tx, settings: Settings, operators: Operators, rulebook: Rulebook, delivery: Delivery) -> None:
    """What a hub needs before anybody can use it: claims that nobody else has, a first operator, the rules that ship."""
    # Whoever held these claims held this folder too, and is gone.
    delivery_rows.void_claims(tx, EMBEDDED)
    delivery.acts.overdue(tx, begun_before=tx.now)
    delivery_rows.read_soon(tx, READ_SPREAD_S)
    token = operators.bootstrap(tx)
    if token is not None:
        # Before the commit: a token that nobody holds could never be made again.
        settings.token.unlink(missing_ok=True)
        write_synced(settings.token, f"{token}\n".encode())
    if rulebook.text(tx) is None:
        shipped = resources.files("policies").joinpath("rules", "default.yaml").read_text("utf-8")
        rulebook.apply(tx, shipped, HOUSE)


def _connector(store: Store, campuses: Campuses, edge: Edge, kind: str, settings: Mapping[str, Json]) -> Connector:
    with store.reading() as tx:
        zone: ZoneInfo = campuses.current(tx).zone
    return registry.build(kind, settings, zone, edge)


UNSIGNED = "The story can no longer be signed: {why}"
UNTAILED = "The story can no longer be copied outside the database: {why}"


def _unsigned(alarms: Alarms, tx: Tx, refusal: Refusal) -> None:
    if isinstance(refusal, TailUnwritable | TailForeign):
        alarms.raise_alarm(tx, "story.untailed", UNTAILED, {"why": refusal.sentence("en")})
    else:
        alarms.raise_alarm(tx, "story.unsigned", UNSIGNED, {"why": refusal.sentence("en")})
