"""A customer's page as its customer sees it, for staff who help by telephone: a look, which the audit trail keeps."""

from django.contrib import admin
from django.http import Http404, HttpResponse

from tenants.audit import acting
from tenants.models import AuditEntry, Instance
from tenants.space import instances
from tenants.space.doors import Visit, open_to_all

MAY_LOOK = "tenants.view_instance"


@open_to_all()
def page(visit: Visit, public_id: str) -> HttpResponse:
    """Nobody is signed in by it: what the page offers asks for the customer's own sign-in. 404 for everybody else."""
    request = visit.request
    if not admin.site.has_permission(request) or not request.user.has_perm(MAY_LOOK):
        raise Http404
    instance = Instance.objects.of_customers().filter(public_id=public_id).first()
    if instance is None:
        raise Http404
    with acting(request.user.get_username()):
        AuditEntry.write("staff:customers_page", instance.pk, after={})
    return instances.show(visit.of_nobody(), instance, by_staff=True, seller=instance.tenant.partner)
