"""Ends what is over by its own time: conditions, acts that nobody began, loans of cards; and says where a lockdown is not
proved. It carries no decision of its own: each is read anew when its time has come."""

from __future__ import annotations

from provisioning.conditions.conditions import Conditions
from provisioning.delivery.acts import Acts
from provisioning.identity.loans import Loans
from provisioning.store import conditions as rows
from provisioning.store import people
from provisioning.store.engine import Tx

LOOK_S = 1.0


class Endings:
    """One thing that is looked at again and again; it writes only where something is over."""

    def __init__(self, conditions: Conditions, acts: Acts, loans: Loans) -> None:
        self._conditions = conditions
        self._acts = acts
        self._loans = loans

    def needed(self, tx: Tx) -> bool:
        """Whether anything is over, or exposed without an alarm."""
        return rows.anything_over(tx) or bool(people.loans_over(tx)) or bool(self._conditions.unwarned(tx))

    def act(self, tx: Tx) -> None:
        """End what is over, and warn."""
        self._conditions.release_over(tx)
        self._acts.overdue(tx)
        self._loans.end_over(tx)
        self._conditions.warn(tx)
