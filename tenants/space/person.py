"""What we keep about the one who is signed in: to look at, to take away, to have erased."""

import json
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from tenants.errors import DomainError
from tenants.services import erasure, personal_data
from tenants.space import browsers
from tenants.space.doors import Visit, signed_in
from tenants.wording import dates


@signed_in()
def page(visit: Visit) -> HttpResponse:
    return visit.show("data", data=personal_data.of(visit.person))


@signed_in()
def download(visit: Visit) -> HttpResponse:
    text = json.dumps(personal_data.of(visit.person), ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


@signed_in("POST", lately=True)
def erase(visit: Visit) -> HttpResponse:
    """Whoever typed the own address is forgotten and signed out everywhere."""
    person = visit.person
    kept = erasure.kept_until(person)
    facts: dict[str, Any] = {"kept": dates.day(kept) if kept else ""}
    if visit.request.method != "POST":
        return visit.show("erase", **facts)
    given = visit.request.POST.get("email", "").strip()
    if given.lower() != person.email.lower():
        return visit.show("erase", 422, **facts, given=given, error=_("This is not your address."))
    try:
        erasure.erase(person)
    except DomainError as error:
        return visit.show("erase", 422, **facts, given=given, error=str(error))
    response = visit.of_nobody().show("erased", seller=person.partner, **facts)
    response.delete_cookie(browsers.SESSION)
    return response
