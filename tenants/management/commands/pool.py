"""manage.py pool: the pools of warm units, how they stand, how large they should be."""

import getpass
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import Pool
from tenants.models.pool import UnitState
from tenants.pool import counting, sizing
from tenants.pool.counting import Standing
from tenants.pool.sizing import Suggestion
from tenants.services import pool as pools
from tenants.templatetags.tenants_console import age

CURRENCY = "USD"


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Show or change the pools of warm units: instances that are made before anybody orders them.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        status = verbs.add_parser("status", help=_("units, age, hit rate, cost, and the size that the orders suggest"))
        status.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))
        size = verbs.add_parser("size", help=_("how many warm units a plan should have; 0 for none"))
        size.add_argument("plan", help=_("code of the plan"))
        size.add_argument("size", type=int, help=_("how many"))
        others = {
            "drain": _("delete the units, but those that were handed out; a pool that wants some makes new ones"),
            "pause": _("make no unit; those that are warm are still handed out"),
            "resume": _("make units again, also after three failures"),
        }
        for verb, words in others.items():
            verbs.add_parser(verb, help=words).add_argument("plan", help=_("code of the plan"))
        for verb in ("size", *others):
            verbs.choices[verb].add_argument("--language", default="fr", help=_("fr or en"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "status":
            self._status(as_json=options["json"])
            return
        try:
            with acting(f"shell:{getpass.getuser()}"):
                self._change(pools.pool_of(options["plan"], options["language"]), options)
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error

    def _change(self, pool: Pool, options: dict[str, Any]) -> None:
        match options["verb"]:
            case "size":
                pools.resize(pool, options["size"])
            case "drain":
                count = pools.drain(pool)
                self.stdout.write(_("Units that are being deleted: %(count)d.") % {"count": count})
            case "pause":
                pools.pause(pool)
            case "resume":
                pools.resume(pool)
        self.stdout.write(_told(counting.standing(pool), sizing.suggest(pool)))

    def _status(self, *, as_json: bool) -> None:
        rows = [
            (counting.standing(pool), sizing.suggest(pool)) for pool in Pool.objects.select_related("plan__blueprint")
        ]
        if as_json:
            self.stdout.write(json.dumps([_facts(*row) for row in rows]))
            return
        for row in rows:
            self.stdout.write(_told(*row))
        if not rows:
            self.stdout.write(_("No pool: manage.py pool size PLAN N makes one."))


def _told(standing: Standing, suggestion: Suggestion) -> str:
    pool = standing.pool
    units = ", ".join(f"{count} {UnitState(state).label}" for state, count in standing.states.items() if count)
    lines = [
        _("%(pool)s: %(fit)d of %(size)d warm (%(units)s)")
        % {"pool": pool, "fit": standing.fit, "size": pool.size, "units": units or _("no unit")},
        "  "
        + _("orders of four weeks that found one: %(hits)d of %(orders)d; cost a month: %(cost)s %(currency)s")
        % {
            "hits": standing.hits,
            "orders": standing.orders,
            "cost": standing.monthly_cost,
            "currency": CURRENCY,
        },
    ]
    lines += ["  " + line for line in _ages(standing)]
    if pool.is_paused:
        lines.append("  " + _("paused: no unit is made"))
    if standing.is_stopped:
        lines.append(
            "  "
            + _("stopped: the last %(count)d units failed; manage.py pool resume %(plan)s when the cause is mended")
            % {"count": standing.failures, "plan": pool.plan.code}
        )
    if suggestion.wanted:
        lines.append(
            "  "
            + _("suggested: %(units)d (%(rate)s of the orders in busy hours, %(cost)s %(currency)s a month)")
            % {
                "units": suggestion.wanted.units,
                "rate": f"{suggestion.wanted.hit_rate:.1%}",
                "cost": suggestion.wanted.monthly_cost,
                "currency": CURRENCY,
            }
        )
    return "\n".join(lines)


def _ages(standing: Standing) -> Iterator[str]:
    now = timezone.now()
    if standing.oldest:
        yield _("the oldest is warm since %(age)s") % {"age": age(now - standing.oldest)}
    if standing.seed:
        yield _("new instances begin with a seed made %(age)s ago") % {"age": age(now - standing.seed)}


def _facts(standing: Standing, suggestion: Suggestion) -> dict[str, Any]:
    pool = standing.pool
    return {
        "plan": pool.plan.code,
        "language": pool.language,
        "country": pool.country,
        "size": pool.size,
        "paused": pool.is_paused,
        "stopped": standing.is_stopped,
        "failuresInARow": standing.failures,
        "fit": standing.fit,
        "units": {str(state): count for state, count in standing.states.items()},
        "oldestWarmSince": standing.oldest.isoformat() if standing.oldest else None,
        "orders": standing.orders,
        "hits": standing.hits,
        "seedSince": standing.seed.isoformat() if standing.seed else None,
        "hitRate": standing.hit_rate,
        "monthlyCost": float(standing.monthly_cost),
        "currency": CURRENCY,
        "suggestion": {
            "ordersAnHour": round(suggestion.per_hour, 4),
            "load": round(suggestion.load, 4),
            "size": suggestion.wanted.units if suggestion.wanted else 0,
            "sizes": [
                {"size": each.units, "hitRate": round(each.hit_rate, 4), "monthlyCost": float(each.monthly_cost)}
                for each in suggestion.sizes
            ],
        },
    }
