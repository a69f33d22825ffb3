"""`foyer backup`: a copy of a hub that runs, checked once it is here. Checking one needs no hub."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from provisioning.cli.errand import OK, CannotWrite, Errand
from provisioning.cli.grammar import Parser, UsageFault

CHECK = "check"


class NoRoomForBackup(CannotWrite):
    """{path} is there already, and a backup is never written over another file. Name another one, or move that away."""


def arguments(parser: Parser) -> None:
    """The words of `foyer backup`."""
    parser.word("FILE", nargs="+", help="where to write it, such as hub.tar; or: check FILE")
    parser.set_defaults(carry_out=backup)


def backup(errand: Errand) -> int:
    """Take one, or check one."""
    words = errand.args.file
    if words[0] == CHECK and len(words) == 2:
        return _check(errand, Path(words[1]))
    if len(words) != 1 or words[0] == CHECK:
        raise UsageFault("Give one FILE, or: check FILE.", "foyer backup [check] FILE")
    return _take(errand, Path(words[0]))


def _take(errand: Errand, path: Path) -> int:
    """Under another name until it is whole and checked, so that no part of one is ever taken for a backup."""
    if path.exists():
        raise NoRoomForBackup(path=path, why="")
    part = path.with_name(path.name + ".part")
    bar = errand.screen.progress("Backup", quiet=errand.as_json)
    try:
        with open(part, "wb") as file:
            part.chmod(0o600)
            done = 0
            for chunk, total in errand.hub.download("/backup"):
                file.write(chunk)
                done += len(chunk)
                bar.at(done, total)
        bar.end()
        manifest = _checked(errand, part)
        part.rename(path)
    except OSError as error:
        raise CannotWrite(path=path, why=error.strerror) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return _tell(errand, path, manifest, taken=True)


def _check(errand: Errand, path: Path) -> int:
    return _tell(errand, path, _checked(errand, path), taken=False)


def _checked(errand: Errand, path: Path) -> dict[str, Any]:
    from provisioning.story.backups import check

    bar = errand.screen.progress("Checking", quiet=errand.as_json)
    with TemporaryDirectory(prefix=".foyer-", dir=path.parent) as folder:
        manifest = check(path, Path(folder) / "hub.sqlite3", bar.at)
    bar.end()
    return {name: getattr(manifest, name) for name in manifest.__slots__} | {"at": manifest.at.isoformat()}


def _tell(errand: Errand, path: Path, manifest: dict[str, Any], *, taken: bool) -> int:
    screen = errand.screen
    if errand.as_json:
        screen.json({"file": str(path), **manifest})
        return OK
    if manifest["zone"]:
        screen.in_zone(manifest["zone"])
    screen.say(
        "{path} is a whole backup of campus {campus}, taken at {at}: {events} events, the last of them {last}.",
        path=path,
        campus=manifest["campus"],
        at=screen.when(manifest["at"]),
        events=manifest["size"],
        last=manifest["last_event"],
    )
    if taken:
        screen.say(
            "The keys are not in it. Keep copies of master.key and signing.key apart from it: without them it cannot be "
            "restored. Keep checkpoints.log and the tail outside this disk, too."
        )
    return OK
