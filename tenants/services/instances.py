"""Use cases on instances; every edge (page, API, admin, command) calls these and nothing else."""

import secrets
import string
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.backups import restores
from provisioning.engine import running
from provisioning.engine.running import NotRetryable
from provisioning.models import Backup, Operation, Restore
from provisioning.spec import InstanceSpec
from provisioning.states import OperationKind
from provisioning.steps.removal import NOBODYS
from tenants import addresses, client_names, names
from tenants.errors import (
    ClientNameTaken,
    InvalidCompany,
    OperationInProgress,
    OrdersStopped,
    QuotaReached,
    UnknownLanguage,
    UnknownPlan,
    WrongState,
)
from tenants.mails import news
from tenants.mails.told import BY_SELLER
from tenants.models import ApiKey, Instance, Partner, Plan, Tenant, Unit
from tenants.pool import units
from tenants.services import making, outcomes, partners, preconditions, retrying

DEFAULT_PLAN = "starter"
PASSWORD_LENGTH = 32
COUNTRIES = {"fr": "FR", "en": ""}
TIMEZONES = {"fr": "Europe/Paris", "en": "UTC"}


def create_instance(
    *,
    partner: Partner,
    client_name: str,
    email: str,
    company: str = "",
    plan_code: str = "",
    language: str = "fr",
    key: ApiKey | None = None,
    seed: tuple[Backup, Restore.Mode] | None = None,
) -> Instance:
    """Take the order: write the customer, the instance and its creation in one transaction; the work follows.

    With a ``seed`` it begins with what that backup holds, and not with an installation. ``company`` defaults to the
    client name, ``plan_code`` to the starter plan. Raises InvalidInput (see tenants.errors for which), ClientNameTaken,
    QuotaReached, NoRoom or OrdersStopped; then nothing is written.
    """
    client_names.check(client_name)
    if partner.is_test:
        outcomes.refuse(client_name)
    email = addresses.normal(email)
    company = names.checked(company or client_name, refusal=InvalidCompany)
    if language not in COUNTRIES:
        raise UnknownLanguage
    plan = find_plan(plan_code or DEFAULT_PLAN)
    if not plan.takes_orders and seed is None:
        raise OrdersStopped
    try:
        with transaction.atomic():
            _check_quota(partner)
            if partner.is_test:
                require_free(client_name, partner)
            tenant = customer(partner, email, company, language)
            # what begins with a backup, or is only tried out, takes no unit that is made already
            ordinary = seed is None and not partner.is_test
            unit = units.take(plan, language, COUNTRIES[language]) if ordinary else None
            instance = _requested(tenant, plan, client_name, language, key, unit)
            facts = {"restore": restores.ask(instance.pk, *seed).public_id} if seed else {}
            making.begin(instance, unit, generated_password(), facts=facts)
    except IntegrityError as error:
        if _is_taken(client_name, partner):
            raise ClientNameTaken from error
        raise
    return instance


def require_free(client_name: str, partner: Partner) -> None:
    """Raises ClientNameTaken while a living instance has this name; in test mode, one of the same partner."""
    if _is_taken(client_name, partner):
        raise ClientNameTaken


def retry(instance: Instance) -> Operation:
    """Go on with what failed last on this instance; what cannot be handed over any more is made another way.

    Raises WrongState or OperationInProgress.
    """
    preconditions.require("retry", instance)
    last = preconditions.retryable(instance)
    if last is None:
        raise WrongState
    try:
        with transaction.atomic():
            if last.kind == OperationKind.HAND_OVER and not units.is_fit(instance.made_from):
                return making.go_on_without(instance, last)
            return running.retry(last, anew=retrying.taken_back(last))
    except NotRetryable as error:
        raise WrongState from error
    except IntegrityError as error:
        raise OperationInProgress from error


def cancel(instance: Instance) -> None:
    """Stop the work that is under way at its next step boundary. Raises WrongState when there is none."""
    operation = instance.active_operation()
    if operation is None or not running.cancel(operation):
        preconditions.require("cancel", instance)
        raise WrongState


def suspend(instance: Instance) -> Operation:
    """Stop the services and keep the data. Raises WrongState or OperationInProgress."""
    preconditions.require("suspend", instance)
    return start_work(instance, OperationKind.SUSPEND)


def resume(instance: Instance) -> Operation:
    """Start the services again. Raises WrongState (also while its deletion is scheduled) or OperationInProgress."""
    preconditions.require("resume", instance)
    return start_work(instance, OperationKind.RESUME)


def decommission(instance: Instance, *, by: str = BY_SELLER) -> Operation:
    """Delete everything that the ledger lists, for ever. Raises WrongState or OperationInProgress.

    The customer is told that it begins, unless the day has come that was announced in time.
    """
    preconditions.require("decommission_now", instance)
    with transaction.atomic():
        unit = Unit.objects.filter(pk=instance.pk).first()
        operation = start_work(instance, OperationKind.DECOMMISSION, facts={NOBODYS: unit.last_for} if unit else None)
        come = instance.decommission_after is not None and instance.decommission_after <= timezone.now()
        announced = come and news.told_in_time(news.deletion_notices(instance))
        if unit is None and not announced:
            news.write_deletion_begun(instance, operation, by=by)
    return operation


def start_work(
    instance: Instance,
    kind: OperationKind,
    *,
    email: str = "",
    spec: InstanceSpec | None = None,
    facts: dict[str, Any] | None = None,
    sealed: dict[str, str] | None = None,
) -> Operation:
    """Begin work on an instance that has none; ``email`` and ``spec`` are what it will have and be then.

    Raises OperationInProgress.
    """
    try:
        with transaction.atomic():
            return making.start(instance, kind, email=email, spec=spec, facts=facts or {}, sealed=sealed or {})
    except IntegrityError as error:
        raise OperationInProgress from error


def find_plan(code: str) -> Plan:
    """The plan that is sold under this code. Raises UnknownPlan, naming those there are."""
    try:
        return Plan.objects.select_related("blueprint").get(code=code if names.is_storable(code) else "")
    except Plan.DoesNotExist as error:
        known = ", ".join(Plan.objects.values_list("code", flat=True))
        raise UnknownPlan(f"{UnknownPlan.message} ({known})") from error


def generated_password() -> str:
    """Letters and digits only, so that it survives every mail program, form and double click."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(PASSWORD_LENGTH))


def customer(partner: Partner, email: str, company: str, language: str) -> Tenant:
    """The one row of this company, however it is spelt, and address. One that exists stays as it is: whoever orders may
    be a stranger.
    """
    key = names.key(company)
    same = Tenant.objects.filter(Q(company_key=key) | Q(company=company), partner=partner, email=email)
    # whoever is being forgotten at this moment is nobody's customer afterwards
    found = same.select_for_update(no_key=True).order_by("pk").first()
    if found is None:
        first = {"language": language, "country": COUNTRIES[language]}
        row = Tenant(partner=partner, email=email, company=company, company_key=key, **first)
        # another order may have made it at this moment
        Tenant.objects.bulk_create([row], ignore_conflicts=True)
        found = same.earliest("pk")
    return found


def _requested(
    tenant: Tenant, plan: Plan, client_name: str, language: str, key: ApiKey | None, unit: Unit | None
) -> Instance:
    """With the price of today, which a later change of the plan does not touch."""
    return Instance.objects.create(
        **making.place(plan, client_name, unit, test=tenant.partner.is_test),
        tenant=tenant,
        plan=plan,
        created_by_key=key,
        client_name=client_name,
        public_id=Instance.new_public_id(client_name),
        admin_email=tenant.email,
        language=language,
        country=COUNTRIES[language],
        time_zone=TIMEZONES[language],
        price_per_month=plan.price_per_month,
        estimated_cost=0 if tenant.partner.is_test else plan.estimated_cost,
        currency=plan.currency,
    )


def _is_taken(client_name: str, partner: Partner) -> bool:
    rivals = Instance.objects.sold_by(partner) if partner.is_test else Instance.objects.real()
    return rivals.live().filter(client_name=client_name).exists()


def _check_quota(partner: Partner) -> None:
    """Until the transaction ends, its other orders wait."""
    quota = partners.quota_of(partner)
    if quota is None:
        return
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    if Instance.objects.live().sold_by(partner).count() >= quota:
        raise QuotaReached
