"""`foyer restore`: a backup in the place of a database that no hub has open. This command is no client: there is no hub."""

from __future__ import annotations

from pathlib import Path

from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser


def arguments(parser: Parser) -> None:
    """The words of `foyer restore`."""
    parser.word("FILE", help="a backup, as foyer backup wrote it")
    parser.flag(
        "--without-tail",
        action="store_true",
        default=False,
        help="where the story's tail is gone: nothing is opened until two people accept the differences",
    )
    parser.set_defaults(carry_out=restore)


def restore(errand: Errand) -> int:
    """Check it, put it in place, and say what comes next."""
    from devices.clock import SystemClock
    from provisioning.settings import Settings
    from provisioning.story.restoring import Places, in_words
    from provisioning.story.restoring import restore as put_back

    settings = Settings(data=_folder(errand.data))
    places = Places(
        data=settings.data,
        database=settings.database,
        lock=settings.lock,
        master_key=settings.master_key,
        signing_key=settings.signing_key,
        checkpoints=settings.checkpoints,
        tail=settings.tail_folder,
    )
    screen = errand.screen
    bar = screen.progress("Checking", quiet=errand.as_json)
    file, without = Path(errand.args.file), errand.args.without_tail
    done = put_back(file, places, SystemClock(), without_tail=without, progress=bar.at)
    bar.end()
    why = in_words(done.faults, errand.language)
    if errand.as_json:
        aside = None if done.aside is None else str(done.aside)
        screen.json({"data": str(settings.data), "at": done.manifest.at.isoformat(), "aside": aside, "why": why})
        return OK
    if done.manifest.zone:
        screen.in_zone(done.manifest.zone)
    at = screen.when(done.manifest.at.isoformat())
    screen.say("The backup of {at} is in place in {folder}.", at=at, folder=settings.data)
    if done.aside is not None:
        screen.say("The database before it is kept as {path}.", path=done.aside)
    if why:
        screen.say("{why} Until two people accept the differences, only what takes away is sent.", why=why)
    screen.say("Start the hub now, then see: foyer era show")
    return OK


def _folder(data: Path) -> Path:
    """The hub's own folder: the one named where its keys are, else the only one below it that has keys."""
    below = sorted(path.parent for path in data.glob("*/master.key"))
    return data if (data / "master.key").exists() or len(below) != 1 else below[0]
