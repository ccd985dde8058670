"""What stands at the address of an instance in test mode, which has no Odoo that anybody could open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from provisioning.spec import TEST
from tenants.lifecycle import InstanceState
from tenants.models import Instance


@require_safe
def page(request: HttpRequest, instance_id: str) -> HttpResponse:
    """Nothing of the instance but that it is one: whoever has its address may see this."""
    there = Instance.objects.filter(workspace=TEST, state=InstanceState.READY)
    get_object_or_404(there, public_id=instance_id)
    return render(request, "web/test_instance.html")
