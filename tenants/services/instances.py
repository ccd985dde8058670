"""Use cases on instances; every edge (page, API, admin, command) calls these and nothing else."""

import secrets
import string
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.engine import running
from provisioning.engine.running import NotRetryable
from provisioning.models import Operation
from provisioning.spec import InstanceSpec, Limits, Source
from provisioning.states import OperationKind, StepState
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
from tenants.mails.notices import BY_SELLER
from tenants.models import ApiKey, Instance, Partner, Plan, Tenant
from tenants.services import preconditions, workspaces

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
) -> Instance:
    """Take the order: write the customer, the instance and its creation in one transaction; the work follows.

    ``company`` defaults to the client name, ``plan_code`` to the starter plan. Raises InvalidInput
    (see tenants.errors for which), ClientNameTaken, QuotaReached, NoRoom or OrdersStopped; then nothing is written.
    """
    client_names.check(client_name)
    email = addresses.normal(email)
    company = names.checked(company or client_name, refusal=InvalidCompany)
    if language not in COUNTRIES:
        raise UnknownLanguage
    plan = find_plan(plan_code or DEFAULT_PLAN)
    if not plan.takes_orders:
        raise OrdersStopped
    try:
        with transaction.atomic():
            _check_quota(partner)
            tenant = _customer(partner, email, company, language)
            instance = _requested(tenant, plan, client_name, language, key)
            _start(instance, OperationKind.CREATE, facts={}, sealed={"admin_password": generated_password()})
    except IntegrityError as error:
        if Instance.objects.live().filter(client_name=client_name).exists():
            raise ClientNameTaken from error
        raise
    return instance


def require_free(client_name: str) -> None:
    """Raises ClientNameTaken while a living instance has this name."""
    if Instance.objects.live().filter(client_name=client_name).exists():
        raise ClientNameTaken


def retry(instance: Instance) -> Operation:
    """Go on with what failed last on this instance. Raises WrongState or OperationInProgress."""
    preconditions.require("retry", instance)
    last = preconditions.retryable(instance)
    if last is None:
        raise WrongState
    try:
        with transaction.atomic():
            return running.retry(last, anew=_taken_back(last))
    except NotRetryable as error:
        raise WrongState from error


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

    The customer is told that it begins, unless it is the day that was announced.
    """
    preconditions.require("decommission_now", instance)
    with transaction.atomic():
        operation = start_work(instance, OperationKind.DECOMMISSION)
        if instance.decommission_after is None or instance.decommission_after > timezone.now():
            news.write_deletion_begun(instance, operation, by=by)
    return operation


def start_work(
    instance: Instance,
    kind: OperationKind,
    *,
    email: str = "",
    facts: dict[str, Any] | None = None,
    sealed: dict[str, str] | None = None,
) -> Operation:
    """Begin work on an instance that has none; ``email`` is the address it will have then.

    Raises OperationInProgress.
    """
    try:
        with transaction.atomic():
            return _start(instance, kind, email=email, facts=facts or {}, sealed=sealed or {})
    except IntegrityError as error:
        raise OperationInProgress from error


def find_plan(code: str) -> Plan:
    """The plan that is sold under this code. Raises UnknownPlan, naming those there are."""
    try:
        return Plan.objects.select_related("blueprint").get(code=code if names.is_storable(code) else "")
    except Plan.DoesNotExist as error:
        known = ", ".join(Plan.objects.values_list("code", flat=True))
        raise UnknownPlan(f"{UnknownPlan.message} ({known})") from error


def lifetime_end(plan: Plan) -> timedelta | None:
    """How long an instance of this plan lives from the moment when it is ready; None for ever."""
    return timedelta(days=plan.lifetime_days) if plan.lifetime_days else None


def generated_password() -> str:
    """Letters and digits only, so that it survives every mail program, form and double click."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(PASSWORD_LENGTH))


def _customer(partner: Partner, email: str, company: str, language: str) -> Tenant:
    """The one row of this company, however it is spelt, and address. One that exists stays as it is: whoever orders may
    be a stranger.
    """
    key = names.key(company)
    same = Tenant.objects.filter(Q(company_key=key) | Q(company=company), partner=partner, email=email)
    if not same.exists():
        first = {"language": language, "country": COUNTRIES[language]}
        row = Tenant(partner=partner, email=email, company=company, company_key=key, **first)
        # another order may have made it at this moment
        Tenant.objects.bulk_create([row], ignore_conflicts=True)
    return same.earliest("pk")


def _requested(tenant: Tenant, plan: Plan, client_name: str, language: str, key: ApiKey | None) -> Instance:
    """With the price of today, which a later change of the plan does not touch."""
    return Instance.objects.create(
        tenant=tenant,
        plan=plan,
        workspace=workspaces.with_room(plan),
        created_by_key=key,
        client_name=client_name,
        public_id=Instance.new_public_id(client_name),
        admin_email=tenant.email,
        database_name=client_names.database_name(client_name),
        language=language,
        country=COUNTRIES[language],
        time_zone=TIMEZONES[language],
        price_per_month=plan.price_per_month,
        estimated_cost=plan.estimated_cost,
        currency=plan.currency,
    )


def _start(
    instance: Instance, kind: OperationKind, *, email: str = "", facts: dict[str, Any], sealed: dict[str, str]
) -> Operation:
    spec = spec_of(instance)
    if email:
        spec = replace(spec, email=email)
    operation = running.start(kind=kind, instance=instance, spec=spec, secrets=sealed)
    known = {"url": instance.url} if instance.url else {}
    if known or facts:
        operation.facts = {**known, **facts}
        operation.save(update_fields=["facts"])
    return operation


def _taken_back(last: Operation) -> tuple[str, ...]:
    """The steps whose effect is gone: what was stopped meanwhile, or started with another owner, starts anew."""
    if last.kind != OperationKind.CREATE and "access_revision" in last.facts:
        # another revision, so that the next start tries again
        last.facts = {**last.facts, "access_revision": f"{last.reference}-{secrets.token_hex(4)}"}
        last.save(update_fields=["facts"])
        return ("deploy_odoo",)
    if last.kind in (OperationKind.RESET_PASSWORD, OperationKind.CHANGE_EMAIL):
        # the customer may have changed it since
        return ("set_password", "set_email", "deploy_odoo")
    if last.kind != OperationKind.CREATE:
        return ()
    later = Operation.objects.filter(instance=last.instance_id, pk__gt=last.pk, kind=OperationKind.SUSPEND)
    done = last.steps.filter(state=StepState.DONE)
    if later.exists():
        return tuple(
            done.filter(code__in=("deploy_postgres", "deploy_odoo", "prove_login")).values_list("code", flat=True)
        )
    told = last.steps.filter(code="deploy_odoo").values_list("notes", flat=True).first() or {}
    if last.facts.get("access_revision", "") != told.get("access_revision", ""):
        return tuple(done.filter(code__in=("deploy_odoo", "prove_login")).values_list("code", flat=True))
    return ()


def spec_of(instance: Instance) -> InstanceSpec:
    """The instance and its plan as they are now, to be frozen into an operation."""
    plan = instance.plan
    blueprint = plan.blueprint
    return InstanceSpec(
        instance_id=instance.public_id,
        client_name=instance.client_name,
        company=instance.tenant.company,
        email=instance.admin_email,
        language=instance.language,
        country=instance.country,
        timezone=instance.time_zone,
        database=instance.database_name,
        workspace=instance.workspace,
        source=Source(
            image=blueprint.image,
            repository=blueprint.repository,
            branch=blueprint.branch,
            addons_path=blueprint.addons_path,
        ),
        modules=plan.module_names(),
        odoo_limits=Limits(plan.odoo_memory_gb, plan.odoo_vcpus),
        postgres_limits=Limits(plan.postgres_memory_gb, plan.postgres_vcpus),
        postgres_image=blueprint.postgres_image,
    )


def _check_quota(partner: Partner) -> None:
    if partner.quota is None:
        return
    Partner.objects.select_for_update().get(pk=partner.pk)
    if Instance.objects.live().sold_by(partner).count() >= partner.quota:
        raise QuotaReached


def ready_changes(instance: Instance, operation: Operation) -> dict[str, object]:
    """The columns that change with the state when a creation has been proven."""
    now = timezone.now()
    lifetime = lifetime_end(instance.plan)
    return {
        "url": operation.facts["url"],
        "ready_at": now,
        "expires_at": now + lifetime if lifetime else None,
    }
