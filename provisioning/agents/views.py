"""``POST /agent/``: an agent calls, is recognised, heard, and told what there is to do.

The request is ``{"report": {...}, "job": {"id": "BK-…", "event": "done", ...}}``, both optional; the answer is
``{"next": seconds, "job": {...}}``. For the kinds of jobs see `provisioning.backups.jobs` and `addressing`. An
instance's start says ``{"restore": {...}}`` instead, see `provisioning.backups.restores`.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from provisioning import strict_json
from provisioning.agents import addressing, report, tokens
from provisioning.backups import jobs, restores
from provisioning.backups.errors import NoSuchJob
from provisioning.errors import ProvisioningError
from provisioning.models import Agent

MOST_BYTES = 512 * 1024
PAUSE_SECONDS = 60
# who hears what an agent says of its job, by how the job's id begins; of the others `jobs`
HEARERS: dict[str, Callable[[int, Any], dict[str, Any]]] = {"RS-": restores.dropped, addressing.PREFIX: addressing.hear}


@csrf_exempt
@require_POST
def call(request: HttpRequest) -> JsonResponse:
    """401 for an unknown token, 400 for what is no call, 409 for a job that is not this agent's any more."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    agent = tokens.holder(token, **_asked()) if scheme == "Bearer" and token else None
    if agent is None:
        return _problem(401, "unknown_token")
    try:
        given = _read(request)
        if "report" in given:
            report.take(agent, given["report"])
        answer = _answer(agent, given)
    except ValueError:
        return _problem(400, "not_a_call")
    except NoSuchJob:
        return _problem(409, "no_such_job")
    except ProvisioningError as error:
        # the storage is away: the agent comes back with the same news
        return _problem(503, error.code)
    return JsonResponse({"next": PAUSE_SECONDS} | answer)


def _asked() -> dict[str, Exists]:
    """What is asked of an agent in the same read that recognises it."""
    mine = OuterRef("instance_id")
    return {"has_job": jobs.due(mine), "leaves_former": restores.left_behind(mine),
            "lacks_address": addressing.due(mine)}  # fmt: skip


def _problem(status: int, code: str) -> JsonResponse:
    """For a program of ours: a code is enough (RFC 9457 lets all else be left out)."""
    return JsonResponse({"status": status, "error": code}, status=status, content_type="application/problem+json")


def _answer(agent: Agent, given: dict[str, Any]) -> dict[str, Any]:
    if "restore" in given:
        return restores.hear(agent.instance_id, given["restore"])
    if "job" in given:
        job = given["job"]
        about = str(job.get("id"))[:3] if isinstance(job, dict) else ""
        return HEARERS.get(about, jobs.hear)(agent.instance_id, job)
    if getattr(agent, "lacks_address", False):
        return addressing.offer(agent.instance_id)
    if getattr(agent, "leaves_former", False):
        return restores.offer(agent.instance_id)
    return jobs.offer(agent.instance_id) if getattr(agent, "has_job", False) else {}


def _read(request: HttpRequest) -> dict[str, Any]:
    """Raises ValueError."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ValueError("A call is never so long.")
    given = strict_json.loads(body or b"{}")
    if not isinstance(given, dict):
        raise ValueError("A call is an object.")  # noqa: TRY004  the caller is told the same of all of these
    return given
