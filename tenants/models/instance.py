import secrets
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.signing import Signer
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from provisioning.models import Backup, Operation, address_at
from provisioning.spec import TEST
from provisioning.states import OperationKind, OperationState
from tenants.client_names import SUFFIX_ALPHABET
from tenants.errors import WrongState
from tenants.lifecycle import PUBLIC_STATUS, TRANSITIONS, InstanceState
from tenants.models.audit import AuditEntry
from tenants.models.partner import ApiKey, Partner
from tenants.models.plan import Plan
from tenants.models.tenant import Tenant

STATUS_TOKEN = Signer(salt="tenants.instance.status-token")


class InstanceQuerySet(models.QuerySet["Instance"]):
    def live(self) -> "InstanceQuerySet":
        """Those that are something at Railway: not the decommissioned, nor units that became a customer's."""
        return self.exclude(state__in=(InstanceState.DECOMMISSIONED, InstanceState.TAKEN))

    def locked(self) -> "InstanceQuerySet":
        """For a change: others wait with theirs, and not with work or rows that only name the instance.

        FOR UPDATE would hold those up too, and whoever has begun work waits here for what waits for that work.
        """
        return self.select_for_update(no_key=True)

    def real(self) -> "InstanceQuerySet":
        """Those that are not of test mode: what is counted, told to staff, sold and looked after."""
        return self.exclude(workspace=TEST)

    def of_customers(self) -> "InstanceQuerySet":
        """Those that somebody has ordered: no units of a pool, nothing of test mode."""
        return self.real().filter(unit=None)

    def sold_by(self, partner: Partner) -> "InstanceQuerySet":
        return self.filter(unit=None, tenant__partner=partner)

    def kept(self) -> "InstanceQuerySet":
        """Those whose deletion has not begun, not even with the wait for a last backup."""
        begun = Operation.objects.active().filter(instance=OuterRef("pk"), kind=OperationKind.DECOMMISSION)
        ended = (InstanceState.DECOMMISSIONING, InstanceState.DECOMMISSIONED)
        return self.exclude(state__in=ended).exclude(Exists(begun))

    def without_backup_since(self, moment: datetime) -> "InstanceQuerySet":
        """Ready, and without a good backup begun since then; one that is under way is none."""
        good = Backup.objects.filter(instance=OuterRef("pk"), state=Backup.State.GOOD, taken_at__gt=moment)
        return self.filter(~Exists(good), state=InstanceState.READY)


class Instance(models.Model):
    """One Odoo of a tenant. Its state changes only through :meth:`transition_to`."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="instances", verbose_name=_("customer"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="instances", verbose_name=_("plan"))
    created_by_key = models.ForeignKey(
        ApiKey, models.SET_NULL, null=True, blank=True, related_name="instances", verbose_name=_("created by key")
    )
    client_name = models.CharField(_("client name"), max_length=50)
    public_id = models.CharField(_("instance id"), max_length=64, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=16, choices=InstanceState, default=InstanceState.REQUESTED)
    admin_email = models.EmailField(_("admin e-mail"))
    database_name = models.CharField(_("database"), max_length=63)
    # at Railway: what we ourselves work with, since no customer's zone can take it away
    url = models.URLField(_("address"), blank=True)
    own_domain = models.CharField(_("own domain"), max_length=253, blank=True, default="", db_default="")
    odoo_version = models.CharField(_("Odoo version"), max_length=60, blank=True, default="", db_default="")
    # as it was ordered: of what a customer's row says, another order may know otherwise
    language = models.CharField(
        _("language"), max_length=2, choices=(("fr", _("French")), ("en", _("English"))), default="fr", db_default="fr"
    )
    country = models.CharField(_("country"), max_length=2, blank=True, default="FR", db_default="FR")
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Paris", db_default="Europe/Paris")
    # raised whenever the links that were given so far shall open nothing any more
    link_revision = models.PositiveIntegerField(_("revision of its links"), default=0, db_default=0, editable=False)
    workspace = models.CharField(_("Railway workspace"), max_length=40, default="default", editable=False)
    project_id = models.CharField(_("Railway project"), max_length=64, blank=True, db_index=True)
    price_per_month = models.DecimalField(_("price a month"), max_digits=10, decimal_places=2)
    estimated_cost = models.DecimalField(_("estimated cost a month"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    ready_at = models.DateTimeField(_("ready since"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    decommission_after = models.DateTimeField(_("will be decommissioned"), null=True, blank=True)
    ended_at = models.DateTimeField(_("decommissioned"), null=True, blank=True)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("instance")
        verbose_name_plural = _("instances")
        ordering = ("-pk",)
        permissions = (
            ("retry_instance", _("May retry and resend the welcome")),
            ("operate_instance", _("May cancel, suspend, resume and reset passwords")),
            ("decommission_instance", _("May decommission")),
            ("export_instance", _("May take a customer’s data away (exit kit)")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("client_name",),
                # in test mode a name is free for each partner, see `tenants.services.test_mode`
                condition=~Q(state=InstanceState.DECOMMISSIONED) & ~Q(workspace=TEST),
                name="one_live_instance_a_client_name",
            ),
            models.CheckConstraint(
                condition=~Q(state=InstanceState.READY) | (~Q(url="") & Q(ready_at__isnull=False)),
                name="a_ready_instance_has_an_address",
            ),
            models.CheckConstraint(condition=Q(state__in=InstanceState.values), name="an_instance_has_a_known_state"),
        )
        indexes = (
            models.Index(fields=("state", "-created_at"), name="instance_state_age"),
            models.Index(fields=("-created_at",), name="instance_age"),
            models.Index(fields=("workspace",), condition=~Q(state=InstanceState.DECOMMISSIONED), name="instance_room"),
        )

    def __str__(self) -> str:
        return self.client_name

    @staticmethod
    def new_public_id(client_name: str) -> str:
        """The client name and ten characters that nobody can guess: ``acme-corp-k3v9x2mq7t``."""
        return f"{client_name}-" + "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(10))

    @property
    def status(self) -> str:
        """The word that outsiders read for the state."""
        return PUBLIC_STATUS[InstanceState(self.state)]

    @property
    def is_test(self) -> bool:
        """Whether it lives in the sandbox: its partner orders in test mode."""
        return self.workspace == TEST

    @property
    def mode(self) -> str:
        """The word that outsiders read for it."""
        return "test" if self.is_test else "live"

    @property
    def address(self) -> str:
        """Where its customer reaches it, once it has one: at the customer's own domain, when that is on. What is in the
        sandbox is reached from inside only, so a page of ours stands for it.
        """
        if self.url and self.is_test:
            return f"{settings.PUBLIC_BASE_URL}/test-instances/{self.public_id}/"
        return address_at(self.url, self.own_domain) if self.own_domain and self.url else self.url

    @property
    def margin(self) -> Decimal:
        return self.price_per_month - self.estimated_cost

    @property
    def status_token(self) -> str:
        """The customer's own, in mails and on pages: whoever holds it reads this instance's status and, while it is
        kept, its password. It ends when its revision does.
        """
        return self.status_token_of(self.link_revision)

    def status_token_of(self, revision: int) -> str:
        """What ``status_token`` was, is or will be at this revision."""
        return STATUS_TOKEN.signature(self._named(revision))

    @property
    def order_token(self) -> str:
        """What the order is answered with. By an API key: a token of its own, which ends with that key as well."""
        key = self.created_by_key
        return self.status_token if key is None else self._token_of(key)

    def has_status_token(self, token: str) -> bool:
        """Whether it opens this instance now; compared in constant time."""
        if constant_time_compare(token, self.status_token):
            return True
        key = self.created_by_key
        return key is not None and constant_time_compare(token, self._token_of(key)) and key.opens_its_orders

    def _token_of(self, key: ApiKey) -> str:
        return STATUS_TOKEN.signature(f"{self._named(self.link_revision)}:key:{key.public_id}")

    def _named(self, revision: int) -> str:
        # the first revision is the public id alone, as it was before there were any
        return f"{self.public_id}:{revision}" if revision else self.public_id

    def admin_password(self) -> str | None:
        """The password that was last proven to log in, or None when it is no longer kept."""
        proven = self.proven_access()
        return proven.secrets().get("admin_password") if proven else None

    def proven_access(self) -> Operation | None:
        """The work that last proved the customer's login, while its password is kept."""
        proven = Operation.objects.filter(instance=self, state=OperationState.SUCCEEDED).exclude(sealed="")
        return proven.order_by("-pk").first()

    def forget_password(self, *, proven_by: int) -> None:
        """What this operation proved opens Odoo no longer: it is told nowhere any more, nor is what was proven before.

        What was proven later stays.
        """
        dead = Operation.objects.filter(instance=self, state=OperationState.SUCCEEDED, pk__lte=proven_by)
        with transaction.atomic():
            if dead.exclude(sealed="").update(sealed=""):
                AuditEntry.write("password_forgotten", self.pk, after={})

    def active_operation(self) -> Operation | None:
        try:
            return Operation.objects.active().get(instance=self)
        except Operation.DoesNotExist:
            return None

    def transition_to(self, state: InstanceState, **changes: object) -> None:
        """Change the state by a conditional update and, with it, the other columns in ``changes``; audited.

        Raises WrongState when the table does not allow it, or when another one was faster.
        """
        allowed = [before for before, after in TRANSITIONS.items() if state in after]
        mine = Instance.objects.filter(pk=self.pk, state=self.state, state__in=allowed)
        with transaction.atomic(savepoint=False):
            moved = mine.update(state=state, **changes)
            if moved:
                AuditEntry.write("state", self.pk, before={"state": str(self.state)}, after={"state": str(state)})
        if not moved:
            raise WrongState
        for name, value in {"state": state, **changes}.items():
            setattr(self, name, value)
