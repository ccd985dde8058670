"""All instances of the one who is signed in, and the page of each."""

from django.http import Http404, HttpResponse

from tenants.models import Instance
from tenants.space.doors import Visit, signed_in


@signed_in()
def home(visit: Visit) -> HttpResponse:
    found = list(visit.person.instances())
    if len(found) == 1:
        return visit.onward("instance", found[0].public_id)
    return visit.show("home", instances=found)


@signed_in()
def page(visit: Visit, public_id: str) -> HttpResponse:
    return visit.show("instance", instance=own(visit, public_id))


def own(visit: Visit, public_id: str) -> Instance:
    """What the session reaches. Raises Http404 for what is not there and for what belongs to others alike."""
    instance = visit.person.instances().filter(public_id=public_id).first()
    if instance is None:
        raise Http404
    return instance
