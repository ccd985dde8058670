"""What a reconciliation has kept, as people read it: on the command line and in the console."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisioning.reconciliation.differences import Act, Hold, Kind

OUTCOMES = {
    "done": gettext_lazy("done"),
    "changed meanwhile": gettext_lazy("not done, it has changed meanwhile"),
    "not ours": gettext_lazy("not done, the ledger says otherwise"),
}


def row_of(difference: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Client name, thing, what differs, its cost a month, and what was done or may be done about it."""
    detail = f" ({difference['detail']})" if difference["detail"] else ""
    return (
        difference["clientName"] or "-",
        difference["thing"],
        f"{Kind(difference['kind']).label}{detail}",
        _cost(difference),
        _remedy(difference),
    )


def _cost(difference: dict[str, Any]) -> str:
    if difference["monthlyCost"] is None:
        return ""
    amount = number_format(difference["monthlyCost"], decimal_pos=2)
    return _("%(amount)s %(currency)s a month") % {"amount": amount, "currency": difference["currency"]}


def _remedy(difference: dict[str, Any]) -> str:
    if "outcome" in difference:
        outcome = OUTCOMES.get(difference["outcome"], difference["outcome"])
        return _("%(act)s: %(outcome)s") % {"act": Act(difference["act"]).label, "outcome": outcome}
    if difference["hold"]:
        return f"- {Hold(difference['hold']).label}"
    return str(Act(difference["act"]).label) if difference["act"] else "-"
