"""What can go wrong between a register and those who ask it, as a value. Chance is handed in by who serves the register."""

from __future__ import annotations

from dataclasses import dataclass, fields

DELAY_S_MAX = 60
STATUSES = frozenset({0, 301, 400, 403, 404, 409, 412, 422, 428, 429, 500, 502, 503})


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares between 0 and 1 of the requests that suffer each fault; `status`, `times` and `off` are as they say.

    `status` is answered in place of doing anything, to the next `times` requests; 0 times: until it ends. `silent`: no
    answer, and nothing done. A late request is carried out `delay_s` after its time, also where nobody waits for it any
    more. `reply_lost`: done, and then the connection breaks; `cut`: it breaks within the answer. `garbage`: the answer is
    nonsense, as HTTP or as JSON. `wrong_etag`: the answer bears the tag of another state. `off`: every connection breaks.
    """

    status: int = 0
    times: int = 0
    silent: float = 0.0
    late: float = 0.0
    reply_lost: float = 0.0
    cut: float = 0.0
    garbage: float = 0.0
    wrong_etag: float = 0.0
    delay_s: float = 0.05
    off: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError: a share outside 0 to 1, a delay outside 0 to 60 s, a status that is none."""
        for knob in fields(self):
            value = getattr(self, knob.name)
            if knob.name == "off":
                if not isinstance(value, bool):
                    raise ValueError(f"off is true or false, not {value!r}")
            elif isinstance(value, bool) or not isinstance(value, int if knob.type == "int" else int | float):
                raise ValueError(f"{knob.name} is a number, not {value!r}")
            elif knob.name == "status":
                if value not in STATUSES:
                    raise ValueError(f"status is one of {', '.join(map(str, sorted(STATUSES)))}, not {value}")
            elif not 0 <= value <= {"delay_s": DELAY_S_MAX, "times": 1_000_000}.get(knob.name, 1):
                raise ValueError(f"{knob.name} cannot be {value}")


NONE = Faults()
