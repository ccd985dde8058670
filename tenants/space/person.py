"""What we keep about the one who is signed in, to look at and to take away."""

import json

from django.http import HttpResponse

from tenants.services import personal_data
from tenants.space.doors import Visit, signed_in


@signed_in()
def page(visit: Visit) -> HttpResponse:
    return visit.show("data", data=personal_data.of(visit.person))


@signed_in()
def download(visit: Visit) -> HttpResponse:
    text = json.dumps(personal_data.of(visit.person), ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)
