"""`foyer audit`: the story, for whoever does not take our word for it. `check` needs no hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from provisioning.cli.errand import NOT_READY, OK, CannotWrite, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

PROOF_BYTES_MAX = 1 << 20


def arguments(parser: Parser) -> None:
    """The words of `foyer audit`."""
    verbs = parser.verbs()
    parser.child(verbs, "verify", "is the story whole, as it was written and signed?", verify)
    exporting = parser.child(verbs, "export", "a copy of the story, to be checked anywhere", export)
    exporting.word("FILE", help="where to write it, such as story.jsonl")
    exporting.flag("--since", type=int, default=0, metavar="PLACE", help="from this place on")
    exporting.flag("--until", type=int, metavar="PLACE", help="up to this place, exclusive")
    proving = parser.child(verbs, "prove", "prove that one event is in the signed story", prove)
    proving.word("EVENT", help="the event's id, as on a receipt", type=int)
    proving.flag("--out", metavar="FILE", help="write the proof there, for: foyer audit check FILE")
    checking = parser.child(verbs, "check", "check an export or a proof, with no hub", check)
    checking.word("FILE", help="an exported story, or a proof")
    checking.flag("--key", metavar="VKEY", help="the hub's public key; without it the file's own is used")
    parser.child(verbs, "key", "the public key of the story", key)
    log = parser.child(verbs, "log", "the last events", read_log)
    log.flag("--person", metavar="NO", help="only those about this staff number")
    log.flag("--trace", metavar="ID", help="only those of one notice or act")
    log.flag("--limit", type=int, default=30, metavar="N", help="how many at most (1000)")


def verify(errand: Errand) -> int:
    """5 where the story is not whole."""
    verdict = errand.get("/audit/verify")
    if errand.as_json:
        errand.screen.json(verdict)
    else:
        errand.screen.put(errand.screen.tone(verdict["sentence"], "good" if verdict["ok"] else "bad"))
    return OK if verdict["ok"] else NOT_READY


def export(errand: Errand) -> int:
    """Write the story line by line as it comes."""
    args, path = errand.args, Path(errand.args.file)
    count = 0
    lines = errand.hub.lines("/audit/export", {"since": args.since, "until": args.until})
    first = next(lines, "")  # a refusal comes before a file is made
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(first + "\n")
            for line in lines:
                file.write(line + "\n")
                count += '"body"' in line
    except OSError as error:
        raise CannotWrite(path=path, why=error.strerror) from error
    if errand.as_json:
        errand.screen.json({"file": str(path), "events": count})
    else:
        errand.screen.say(
            "{count} events written. Check them anywhere: foyer audit check {path}", count=count, path=path
        )
    return OK


def prove(errand: Errand) -> int:
    """The proof as text, or as a file."""
    args, screen = errand.args, errand.screen
    proof = errand.get(at("audit", "prove", args.event))
    if args.out:
        errand.write(Path(args.out), (proof["text"] + "\n").encode())
    if errand.as_json:
        screen.json(proof)
    elif args.out:
        screen.say(
            "Event {event} is proved. Check it anywhere: foyer audit check {path}", event=args.event, path=args.out
        )
    else:
        screen.put(proof["text"])
    return OK


def check(errand: Errand) -> int:
    """Check a file with no hub; 5 where it does not agree."""
    from provisioning.story import offline

    args, path = errand.args, Path(errand.args.file)
    beginning = errand.read(path)[:PROOF_BYTES_MAX]
    if offline.PROOF_MARK.encode() in beginning[:100]:
        verdict = offline.verify_proof(beginning.decode("utf-8", "replace"), args.key)
    else:
        with path.open(encoding="utf-8", errors="replace") as lines:
            verdict = offline.verify_export(lines, args.key)
    sentence = errand.screen.words(verdict.template, **verdict.fields)
    if errand.as_json:
        errand.screen.json({"ok": verdict.ok, "sentence": sentence, "fields": dict(verdict.fields)})
    else:
        errand.screen.put(errand.screen.tone(sentence, "good" if verdict.ok else "bad"))
    return OK if verdict.ok else NOT_READY


def key(errand: Errand) -> int:
    """The public key."""
    found = errand.get("/audit/key")
    if errand.as_json:
        errand.screen.json(found)
    else:
        errand.screen.put(found["vkey"])
    return OK


def read_log(errand: Errand) -> int:
    """Events, a line each, the newest last."""
    args, screen = errand.args, errand.screen
    events = errand.get("/story", {"person": args.person, "trace": args.trace, "limit": args.limit})
    if errand.as_json:
        screen.json(events)
        return OK
    rows = [
        [
            f"#{one['id']}",
            screen.when(one["at"]),
            one["kind"],
            one["actor"],
            one["no"],
            one["target"],
            _short(one["data"]),
        ]
        for one in sorted(events, key=lambda one: one["id"])
    ]
    screen.table(("event", "at", "kind", "actor", "staff number", "target", "data"), rows)
    return OK


def _short(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"
