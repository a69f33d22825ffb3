"""The register of units, as a facility system offers it: HTTP/1.1 and JSON, one resource a unit, guarded by ETags.

The protocol, in short (docs/registers.md has it as a vendor would print it):

    GET  /register               {"id", "software", "started", "change"}
    GET  /units?after=ID&limit=N {"units": [{…a unit…, "etag"}], "next": ID or null}, in the order of ids, N ≤ 500
    GET  /units/{id}             a unit, and its ETag; 304 where If-None-Match names that ETag
    PUT  /units/{id}             {"occupant", "cards"} under If-Match: the unit as it is from now on, and its new ETag

A unit is {"id", "kind", "occupant": {"ref", "from", "to"} or null, "cards": [{"number", "ref", "from", "to"}]}. Days are
ISO dates, `to` is the last day; an occupant's may be null. A card opens the unit's lock on its days; it always has a last
one, and bears the ref of the person it is for.

One unit, one person: an occupant is replaced only by nobody, and a card is taken only for the occupant who is there, so
409 {"error": "occupied" | "keys" | "stranger" | "full"} says what is in the way: another occupant; cards that are still in
the lock of a unit to be vacated; a card for somebody who is not the occupant; no room in the lock. 404 {"error":
"unknown"}: no such unit; 412: it has changed since; 422: the body is malformed; 428: If-Match is missing.

Every PUT that is accepted gives the unit a new ETag, also one that says what is there already. So whoever has changed
a unit knows that no earlier PUT, however late it comes, will be accepted any more.

`change` counts all PUTs that were accepted and never runs backwards, unless the register lost what it knew.
"""
