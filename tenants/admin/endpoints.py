"""Partners' webhook endpoints: added, changed, tested and replayed here by the same services as in the API."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.admin import changes
from tenants.admin.console import ONE_BUTTON, ConsoleAdmin
from tenants.errors import DomainError, TooManyEndpoints
from tenants.models import Partner, WebhookEndpoint
from tenants.models.webhook import WebhookEvents
from tenants.services import webhooks

REPLAYED = timedelta(days=3)


class EndpointForm(ModelForm):  # type: ignore[type-arg]
    events = forms.MultipleChoiceField(
        label=_("events"),
        choices=WebhookEvents.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    enabled = forms.BooleanField(label=_("enabled"), required=False, initial=True)

    class Meta:
        model = WebhookEndpoint
        fields = ("partner", "url", "events", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["enabled"] = self.instance.state == WebhookEndpoint.State.ACTIVE

        if "partner" in self.fields:
            self.fields["partner"].queryset = Partner.objects.real()  # type: ignore[attr-defined]

    def clean_partner(self) -> Partner:
        partner: Partner = self.cleaned_data["partner"]
        if self.instance.pk is None and webhooks.has_all(partner):
            raise forms.ValidationError(str(TooManyEndpoints()))
        return partner

    def clean_url(self) -> str:
        """Refused here, beside its field, for what the service would refuse it for."""
        url: str = self.cleaned_data["url"]
        try:
            webhooks.check_url(url)
        except DomainError as error:
            raise forms.ValidationError(str(error)) from error
        return url


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ConsoleAdmin):
    form = EndpointForm
    list_display = ("url", "partner", "state", "disabled_reason", "failures", "failing_since")
    list_filter = ("state",)
    list_select_related = ("partner",)
    search_fields = ("url", "partner__name")
    actions = ["send_test", "replay_failed", "rotate_secret"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("partner", "state", "disabled_reason", "failures", "failing_since") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        editable = ("partner", "url", "events", "description")
        return (*editable, "enabled", "state", "disabled_reason", "failures", "failing_since") if obj else editable

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: EndpointForm, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in ("url", "events", "description")}
        if change:
            webhooks.change_endpoint(obj, **given, enabled=form.cleaned_data["enabled"])
            return
        made, secret = webhooks.create_endpoint(form.cleaned_data["partner"], **given)
        obj.pk = made.pk
        obj.clear = secret  # type: ignore[attr-defined]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """With one button: the page that follows is the signing secret."""
        response: HttpResponse = super().add_view(request, form_url, ONE_BUTTON | (extra_context or {}))
        return response

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj, obj.clear)

    @admin.action(description=_("Send a test"), permissions=["change"])
    def send_test(self, request: HttpRequest, chosen: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in chosen:
            try:
                webhooks.send_test(endpoint)
            except DomainError as error:
                messages.error(request, f"{endpoint.url}: {error}")
            else:
                messages.success(request, _("A test is on its way to %(url)s.") % {"url": endpoint.url})

    @admin.action(description=_("Replay what failed in the last three days"), permissions=["change"])
    def replay_failed(self, request: HttpRequest, chosen: QuerySet[WebhookEndpoint]) -> None:
        since = timezone.now() - REPLAYED
        count = 0
        for endpoint in chosen:
            try:
                count += webhooks.replay(endpoint, since=since, only_failed=True)
            except DomainError as error:
                messages.error(request, f"{endpoint.url}: {error}")
            else:
                changes.note(request, "replayed", endpoint, after={"since": since.isoformat()})
        messages.success(request, _("%(count)d deliveries are on their way again.") % {"count": count})

    @admin.action(description=_("New signing secret"), permissions=["change"])
    def rotate_secret(self, request: HttpRequest, chosen: QuerySet[WebhookEndpoint]) -> HttpResponse | None:
        if len(chosen) != 1:
            messages.error(request, _("Choose one endpoint: its new secret is shown once."))
            return None
        secret = webhooks.rotate_secret(chosen[0])
        changes.note(request, "secret_rotated", chosen[0])
        return self._show_secret(request, chosen[0], secret)

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
        back = reverse("admin:tenants_webhookendpoint_change", args=[endpoint.pk])
        title = _("The signing secret of %(url)s") % {"url": endpoint.url}
        return self.show_once(request, title=title, secret=secret, back=back)
