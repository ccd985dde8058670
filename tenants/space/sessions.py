"""Where one is signed in, and how one signs out: here, in another browser, everywhere."""

from django.http import HttpResponse

from tenants.services import customer_sessions
from tenants.space import browsers
from tenants.space.doors import Visit, signed_in
from tenants.wording import dates

EVERYWHERE = "everywhere"


@signed_in()
def page(visit: Visit) -> HttpResponse:
    rows = [
        {"session": each, "here": each == visit.person, "seen": dates.precisely(each.seen_at)}
        for each in customer_sessions.others(visit.person)
    ]
    return visit.show("sessions", rows=rows)


@signed_in("POST")
def end(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return visit.onward("sessions")
    which = visit.request.POST.get("session", "")
    if which == EVERYWHERE:
        customer_sessions.end_all(visit.person)
    else:
        customer_sessions.end(visit.person, which or visit.person.public_id)
    if which not in ("", EVERYWHERE, visit.person.public_id):
        return visit.onward("sessions")
    response = visit.onward("sign_in")
    response.delete_cookie(browsers.SESSION)
    return response
