"""`foyer hr`: sheets from HR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from provisioning.cli.errand import OK, REFUSED, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hold import STATES, put_preview, standing_word
from provisioning.cli.hub import Named
from provisioning.cli.sheets import send_sheet

LINES_SHOWN_MAX = 200
TONES = {"new": "good", "changed": "good", "same": "dim", "refused": "bad", "held": "warn"}


def arguments(parser: Parser) -> None:
    """The words of `foyer hr`."""
    verbs = parser.verbs()
    parser.child(verbs, "template", "write an empty sheet with an example", write_template).word(
        "FILE", help="where to write it, such as newcomers.xlsx"
    )
    trying = parser.child(verbs, "preview", "say what importing a sheet would do", preview)
    importing = parser.child(verbs, "import", "take a sheet: sound rows go in, bad ones are refused by line", take)
    for each in (trying, importing):
        each.word("FILE", help="Excel or CSV")
        each.flag(
            "--map", metavar="MAP", help="a YAML file: what the office calls columns, departments, kinds and areas"
        )
    importing.dry_run()
    parser.child(verbs, "batches", "sheets that were taken", batches)


def write_template(errand: Errand) -> int:
    """An empty sheet as a new file."""
    path = Path(errand.args.file)
    errand.write(path, errand.hub.fetch("/hr/template"))
    if errand.as_json:
        errand.screen.json({"file": str(path)})
    else:
        errand.screen.say("Written: {path}. Fill it in, then: foyer hr preview {path}", path=path)
    return OK


def preview(errand: Errand) -> int:
    """What importing would do."""
    path = Path(errand.args.file)
    data, mapping = errand.read(path), _mapping(errand)
    return _tell(errand, errand.hub.send_file("/hr/batches", path.name, data, {"dry_run": True}, mapping))


def take(errand: Errand) -> int:
    """Import; 1 where a row was refused."""
    if errand.args.dry_run:
        return preview(errand)
    path = Path(errand.args.file)
    data, mapping = errand.read(path), _mapping(errand)
    progress = errand.screen.progress("Rights decided", quiet=errand.as_json)
    return _tell(errand, send_sheet(errand.hub, path.name, data, progress, mapping))


def batches(errand: Errand) -> int:
    """Batches, a line each."""
    found, screen = errand.get("/hr/batches"), errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("No sheet was taken yet. Start with: foyer hr template newcomers.xlsx")
        return OK
    rows = [
        [
            one["id"],
            screen.when(one["at"]),
            one["operator"],
            one["name"],
            one["taken"],
            one["same"],
            one["refused"],
            one["held"],
            one["hold"],
            one["hold_state"] and screen.words(STATES[one["hold_state"]]),
        ]
        for one in found
    ]
    screen.table(("batch", "at", "operator", "file", "taken", "same", "refused", "in hold", "hold", "state"), rows)
    return OK


def _mapping(errand: Errand) -> Named | None:
    if errand.args.map is None:
        return None
    path = Path(errand.args.map)
    return path.name, errand.read(path)


def _tell(errand: Errand, report: dict[str, Any]) -> int:
    screen = errand.screen
    refused = report["counts"]["refused"]
    if errand.as_json:
        screen.json(report)
        return REFUSED if refused else OK
    for warning in report["warnings"]:
        screen.put(screen.tone(warning, "warn"))
    telling = [line for line in report["lines"] if line["outcome"] != "same" or line["sentences"]]
    for line in telling[:LINES_SHOWN_MAX]:
        _put_line(errand, line)
    if len(telling) > LINES_SHOWN_MAX:
        screen.say("… and {count} more lines; --json shows all.", count=len(telling) - LINES_SHOWN_MAX)
    sentence = (
        "It would bring {new} new, {changed} changed, {same} the same; {refused} refused."
        if report["dry_run"]
        else "{new} new, {changed} changed, {same} the same; {refused} refused."
    )
    if report["preview"]:
        put_preview(errand, report["preview"])
    screen.say(sentence, **report["counts"])
    _put_held(errand, report)
    if report["batch"] and report["counts"]["new"] + report["counts"]["changed"]:
        screen.say("Watch it: foyer readiness --batch {batch} --watch", batch=report["batch"])
    return REFUSED if refused else OK


def _put_held(errand: Errand, report: dict[str, Any]) -> None:
    """How many rows wait, or would, and who goes on with them."""
    screen, held = errand.screen, report["counts"]["held"]
    if not held:
        return
    if report["dry_run"]:
        screen.say("{held} rows would wait for a second person: so large a change takes two.", held=held)
    elif report["hold"] is None:
        screen.say("{held} rows wait for a second person already. See: foyer hold list", held=held)
    else:
        screen.say(
            "{held} rows wait for a second person, for so large a change takes two. That person runs: foyer hold show "
            "{hold}",
            held=held,
            hold=report["hold"],
        )


def _put_line(errand: Errand, line: dict[str, Any]) -> None:
    screen, outcome = errand.screen, line["outcome"]
    changed = screen.aside(screen.listed(line["fields"])) if line["fields"] else ""
    heading = (
        screen.words("{sheet}, line {line}", sheet=line["sheet"], line=line["line"])
        if line["sheet"]
        else screen.words("line {line}", line=line["line"])
    )
    shown = screen.tone(screen.cell(standing_word(outcome)), TONES[outcome])
    screen.put(f"{heading}  {screen.cell(line['no'])}  {shown}{changed}")
    for sentence in line["sentences"]:
        screen.put(f"    {sentence}")
