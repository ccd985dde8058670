import hashlib
import hmac
import secrets
import string
import zlib
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants import names

KEY_ALPHABET = string.ascii_letters + string.digits


class PartnerQuerySet(models.QuerySet["Partner"]):
    def real(self) -> "PartnerQuerySet":
        """Without what stands for a partner in test mode."""
        return self.filter(test_of=None)

    def sold_to(self, email: str) -> "PartnerQuerySet":
        """Who has sold an instance that has this address now."""
        return self.real().filter(tenants__instances__admin_email=email).distinct().order_by("pk")


class Partner(models.Model):
    """A reseller: API keys, allowed origins, quota. The house itself is a partner too.

    What it has in test mode belongs to a row of its own, ``test_of`` which it is: whatever keeps partners apart keeps
    the two modes apart. That row has keys, customers, instances and endpoints; all else is read from its ``account``.

    ``name_key`` keeps two names apart that people would take for the same. Of partners that were alike before that rule
    the later ones have none until they are renamed.
    """

    class Part(models.TextChoices):
        """What a partner may keep to itself in its customers' space. Nobody is kept from their data."""

        PASSWORD = "password", _("a new password")
        ADDRESS = "address", _("another e-mail address")
        DOMAIN = "domain", _("an own domain")
        PLAN = "plan", _("another plan")
        RESTORE = "restore", _("restoring a backup")
        END = "end", _("the end")

    name = models.CharField(_("name"), max_length=100, unique=True)
    name_key = models.CharField(max_length=names.LONGEST_KEY, unique=True, null=True, editable=False)  # noqa: DJ001  none is unlike any
    is_house = models.BooleanField(_("the house itself"), default=False, editable=False)
    is_active = models.BooleanField(pgettext_lazy("switched on", "active"), default=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    reply_to = models.EmailField(_("reply address of its customers' e-mails"), blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=(("fr", _("French")), ("en", _("English"))), default="fr"
    )
    allowed_origins = models.JSONField(
        _("allowed origins"), default=list, blank=True, help_text=_("Addresses such as https://www.partner.com.")
    )
    quota = models.PositiveIntegerField(_("live instances at most"), null=True, blank=True)
    closed_parts = models.JSONField(
        _("switched off for its customers"), default=list, blank=True, db_default=Value([], models.JSONField())
    )
    test_of = models.OneToOneField(
        "self", models.CASCADE, null=True, blank=True, editable=False, related_name="in_test_mode"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("is_house",), condition=Q(is_house=True), name="one_house_partner"),
            models.CheckConstraint(condition=~Q(name=""), name="a_partner_has_a_name"),
        )

    def __str__(self) -> str:
        return self.name if self.test_of is None else f"{self.test_of.name} (test)"

    def save(self, *args: Any, **options: Any) -> None:
        if self._state.adding:
            self.name_key = names.key(self.name)
        super().save(*args, **options)

    def opens(self, part: Part) -> bool:
        """Whether its customers do this themselves."""
        return part not in self.account.closed_parts

    @property
    def is_test(self) -> bool:
        """Whether it is a partner in test mode: nothing of it is real."""
        return self.test_of_id is not None

    @property
    def account(self) -> "Partner":
        """The partner itself, in whatever mode: name, origins, addresses, and whether it is active."""
        return self.test_of or self

    def rename(self, name: str) -> None:
        """Give it this name, not yet saved; the form in which it is compared goes with it."""
        if name != self.name or self._state.adding:
            self.name, self.name_key = name, names.key(name)


class ApiKey(models.Model):
    """A key of a partner. Only a hash is kept: the key itself is shown once, when it is made."""

    class Kind(models.TextChoices):
        SECRET = "live", _("secret")
        PUBLISHABLE = "pub", _("publishable")

    class Scope(models.TextChoices):
        READ = "read", _("read")
        WRITE = "write", _("create and change")
        DELETE = "delete", _("delete without grace")
        SECRETS = "secrets", _("read admin passwords")
        SIGNUP = "signup", _("sign up customers")

    # what a key begins with, by its kind and whether it is one of test mode
    PREFIXES: ClassVar[dict[tuple[str, bool], str]] = {
        (Kind.SECRET.value, False): "live",
        (Kind.SECRET.value, True): "test",
        (Kind.PUBLISHABLE.value, False): "pub",
        (Kind.PUBLISHABLE.value, True): "pubtest",
    }

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="api_keys", verbose_name=_("partner"))
    name = models.CharField(_("name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=4, choices=Kind, default=Kind.SECRET)
    public_id = models.CharField(_("identifier"), max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    predecessor = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="successor", verbose_name=_("replaces")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"eaz_{self.PREFIXES[self.kind, self.partner.is_test]}_{self.public_id}_…"

    @classmethod
    def issue(
        cls, partner: Partner, *, kind: str, scopes: list[str], name: str = "", predecessor: "ApiKey | None" = None
    ) -> tuple["ApiKey", str]:
        """Make and store a key; returns the row and the key in clear, which nobody can ever read again.

        Its last eight characters are a checksum, so that scanners for leaked secrets can tell it from chance.
        """
        public_id = secrets.token_hex(4)
        stem = f"eaz_{cls.PREFIXES[str(kind), partner.is_test]}_{public_id}_" + "".join(
            secrets.choice(KEY_ALPHABET) for _ in range(43)
        )
        clear = stem + checksum_of(stem)
        row = cls.objects.create(
            partner=partner,
            kind=kind,
            scopes=scopes,
            name=name,
            predecessor=predecessor,
            public_id=public_id,
            digest=digest_of(clear),
        )
        return row, clear

    @property
    def is_live(self) -> bool:
        """Neither revoked nor expired, and its partner is active."""
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired and self.partner.account.is_active

    @property
    def opens_its_orders(self) -> bool:
        """Whether the status tokens that its orders were answered with still open them: not once it is revoked, nor
        when neither it nor what it was rotated into lives any more.
        """
        key: ApiKey | None = self if self.revoked_at is None else None
        while key is not None and not key.is_live:
            key = ApiKey.objects.select_related("partner").filter(predecessor=key).first()
        return key is not None

    def continues(self, key_id: int | None) -> bool:
        """Whether it is this key, or one that was rotated into this one."""
        key: ApiKey | None = self
        while key is not None and key_id is not None:
            if key.pk == key_id:
                return True
            key = key.predecessor
        return False

    def matches(self, clear: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(self.digest, digest_of(clear))


def checksum_of(stem: str) -> str:
    return f"{zlib.crc32(stem.encode()):08x}"


def digest_of(clear: str) -> str:
    """A fast hash is right here: the secret part is 256 random bits, which nobody can guess through."""
    return hashlib.sha256(clear.encode()).hexdigest()
