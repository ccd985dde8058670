"""Which answer means which error."""

import httpx
import pytest

from provisioning.errors import Permanent, Temporary
from provisioning.railway import errors
from provisioning.railway.responses import Question, failure
from tests.provisioning.railway.little_apps import TOKEN, Railway, client_of, refused

HTML = {"content-type": "text/html"}
PAGE = "<html><h1>502 Bad gateway</h1></html>"


def ask(client):
    return client.platform_status()


def change(client):
    return client.delete_domain("domain-1")


def deploy(client):
    return client.deploy(service_id="service-1", environment_id="environment-1")


# (what Railway answers, what we asked, the error, unclear, retry_after)
ANSWERS = {
    "a page of the edge, to a query": (httpx.Response(502, text=PAGE, headers=HTML), ask, "LostAnswer", False, None),
    "a page of the edge, to a change": (httpx.Response(502, text=PAGE, headers=HTML), deploy, "LostAnswer", True, None),
    "a page with status 200": (httpx.Response(200, text=PAGE, headers=HTML), deploy, "LostAnswer", True, None),
    "unavailable for a minute": (httpx.Response(503, headers={"retry-after": "60"}), deploy, "LostAnswer", True, 60),
    "half a JSON": (httpx.Response(200, text='{"data": {'), deploy, "LostAnswer", True, None),
    "a JSON that is no answer": (httpx.Response(200, json=[1]), deploy, "LostAnswer", True, None),
    "neither data nor errors": (httpx.Response(200, json={"data": None}), ask, "LostAnswer", False, None),
    "data of an unknown shape": ({"data": {"else": 1}}, deploy, "LostAnswer", True, None),
    "too many for the API": (
        httpx.Response(429, json={}, headers={"retry-after": "7"}),
        deploy,
        "RateLimited",
        False,
        7,
    ),
    "too many for the edge": (httpx.Response(429, text="error code: 1015"), deploy, "RateLimited", False, 300),
    "too many for the edge, as 403": (httpx.Response(403, text="error code: 1015"), ask, "RateLimited", False, 300),
    "too many by code": (refused("slow down", "TOO_MANY_REQUESTS"), ask, "RateLimited", False, 60),
    "a block by the edge": (httpx.Response(403, text="error code: 1010"), deploy, "EdgeBlocked", False, 300),
    "a bare 403": (httpx.Response(403), ask, "TokenRefused", False, None),
    "a 401": (refused("Not Authorized", "UNAUTHENTICATED", status=401), ask, "TokenRefused", False, None),
    "no project token": (refused("Project Token not found"), ask, "TokenRefused", False, None),
    "two factors wanted": (refused("Two Factor Authentication Required"), ask, "TokenRefused", False, None),
    "not authorized": (refused("Not Authorized"), deploy, "NotAuthorized", False, None),
    "forbidden by code": (refused("No.", "FORBIDDEN"), deploy, "NotAuthorized", False, None),
    "no workspace named": (
        refused("You must specify a workspaceId to create a project"),
        ask,
        "BadRequest",
        False,
        None,
    ),
    "projects too quickly": (refused("You are creating projects too quickly."), deploy, "ProjectThrottled", False, 31),
    "volumes too quickly": (refused("You are creating volumes too quickly."), deploy, "VolumeThrottled", False, 15),
    "no instance yet": (refused("ServiceInstance not found"), deploy, "NotYetVisible", False, 5),
    "no volume instance yet": (refused("VolumeInstance not found"), deploy, "NotYetVisible", False, 5),
    "no domain yet": (refused("Failed to create service domain"), deploy, "NotYetVisible", False, 5),
    "gone, when it was to be removed": (refused("Service not found"), change, "NotFound", False, None),
    "unknown by code": (refused("No such thing", "DEPLOYMENT_NOT_FOUND"), ask, "NotFound", False, None),
    "unknown by message": (refused("Commit not found"), deploy, "NotFound", False, None),
    "a name taken": (refused("Domain is already in use"), deploy, "AlreadyExists", True, None),
    "a thing that exists": (refused("A service named x already exists"), deploy, "AlreadyExists", True, None),
    "a build under way": (refused("Cannot redeploy yet, please wait"), deploy, "Busy", False, 10),
    "a change under way": (refused("An operation is already in progress"), deploy, "Busy", False, 10),
    "paused": (refused("Deployments are temporarily paused"), deploy, "Paused", False, 60),
    "no authority, without a code": (refused("Unauthorized"), deploy, "NotAuthorized", False, None),
    "a name taken, in other words": (refused("Domain is already taken"), deploy, "AlreadyExists", True, None),
    "the trial is over": (
        refused("Your trial has expired. Please select a plan to continue using Railway."),
        deploy,
        "AccountBlocked",
        False,
        None,
    ),
    "no card": (refused("Please add a payment method to deploy"), deploy, "AccountBlocked", False, None),
    "no subscription by code": (refused("No.", "SUBSCRIPTION_REQUIRED"), deploy, "AccountBlocked", False, None),
    "a name refused": (refused("Invalid project name"), deploy, "ValueRefused", False, None),
    "a name too long": (refused("Service name must be at most 32 characters"), deploy, "ValueRefused", False, None),
    "a backup without its right": (refused("Backup entitlement missing"), deploy, "PlanLimit", False, None),
    "more than the plan allows": (refused("Please upgrade your plan."), deploy, "PlanLimit", False, None),
    "a plan limit by code": (refused("No.", "PLAN_LIMIT"), deploy, "PlanLimit", False, None),
    "an internal problem, read": (refused("Problem processing request"), ask, "ServerProblem", False, 10),
    "an internal problem, changed": (refused("Problem processing request"), deploy, "ServerProblem", True, 10),
    "an internal problem with 400": (
        refused("Problem processing request", status=400),
        ask,
        "ServerProblem",
        False,
        10,
    ),
    "a moment's problem": (refused("Something went wrong, please try again"), deploy, "ServerProblem", True, 10),
    "a reason never seen": (refused("The moon is full"), deploy, "UnknownRefusal", True, 10),
    "a reason never seen, read": (refused("The moon is full"), ask, "ServerProblem", False, 10),
    "done: false": ({"data": {"serviceDomainDelete": False}}, change, "ServerProblem", True, 10),
    "an invalid document": (
        refused("Unknown field", "GRAPHQL_VALIDATION_FAILED", status=400),
        ask,
        "BadRequest",
        False,
        None,
    ),
    "an invalid document that names a thing": (
        refused('"x already exists" is no Int', "GRAPHQL_VALIDATION_FAILED", status=400),
        deploy,
        "BadRequest",
        False,
        None,
    ),
    "a bare 400": (httpx.Response(400), ask, "BadRequest", False, None),
    "no connection": (httpx.ConnectError("refused"), deploy, "Unreachable", False, None),
    "no connection in time": (httpx.ConnectTimeout("slow"), deploy, "Unreachable", False, None),
    "no answer in time": (httpx.ReadTimeout("slow"), deploy, "LostAnswer", True, None),
    "no answer in time, read": (httpx.ReadTimeout("slow"), ask, "LostAnswer", False, None),
    "closed without an answer": (httpx.RemoteProtocolError("closed"), deploy, "LostAnswer", True, None),
    "closed while writing": (httpx.WriteError("closed"), deploy, "LostAnswer", True, None),
}


def leaves():
    groups = errors.RailwayTemporary, errors.RailwayPermanent
    found = [leaf for group in groups for leaf in group.__subclasses__()]
    # the circuit's own refusal is a relative: no answer of Railway
    return [leaf for leaf in found if leaf.__module__ == errors.__name__]


def caught(answer, act):
    with pytest.raises(errors.RailwayError) as raised:
        act(client_of(Railway(answer)))
    return raised.value


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_means(case):
    answer, act, name, unclear, retry_after = ANSWERS[case]
    error = caught(answer, act)
    assert (type(error).__name__, error.unclear) == (name, unclear)
    assert getattr(error, "retry_after", None) == retry_after


def test_every_error_is_reached_by_some_answer():
    reached = {name for _, _, name, _, _ in ANSWERS.values()} | {"PartialAnswer"}
    assert reached == {leaf.__name__ for leaf in leaves()}


def test_every_error_is_drawn_in_the_tree():
    assert all(f"── {leaf.__name__} " in errors.__doc__ for leaf in leaves())


def test_every_error_is_either_temporary_or_permanent_and_has_its_own_code():
    assert all(issubclass(leaf, Temporary) != issubclass(leaf, Permanent) for leaf in leaves())
    codes = [leaf.code for leaf in leaves()]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("railway_") and code == code.lower() for code in codes)


def test_an_error_says_where_it_happened():
    error = caught(refused("Not Authorized", path="serviceInstanceDeployV2"), deploy)
    assert (error.document, error.status, error.trace_id) == ("Deploy", 200, "trace-1")
    assert error.alias == "serviceInstanceDeployV2"
    assert str(error) == "Deploy: Not Authorized (HTTP 200, trace trace-1)"


def test_the_edge_and_the_api_are_told_apart():
    from_api = caught(httpx.Response(429, text="", headers={"x-ratelimit-remaining": "0"}), ask)
    from_edge = caught(httpx.Response(429, text="error code: 1015"), ask)
    assert (from_api.scope, from_edge.scope) == ("api", "edge")


def test_a_time_to_wait_that_railway_names_wins():
    assert caught(refused("Cannot redeploy yet", headers={"retry-after": "90"}), deploy).retry_after == 90


FAILURES = [kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, httpx.RequestError)]
# nothing of the request can have left this machine; in all the others it may be under way
NEVER_SENT = {
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
}


@pytest.mark.parametrize("kind", FAILURES)
def test_only_what_never_left_this_machine_may_be_sent_again_at_once(kind):
    error = failure(kind("it broke"), Question("Deploy", True, str))
    expected = (errors.Unreachable, False) if kind.__name__ in NEVER_SENT else (errors.LostAnswer, True)
    assert (type(error), error.unclear) == expected


def set_secret(client, secret):
    client.set_variables(project_id="p", environment_id="e", service_id="s", variables={"POSTGRES_PASSWORD": secret})


@pytest.mark.parametrize(
    "message",
    [
        'Variable "$input" got invalid value "{secret}" at "input.variables"; Expected type Int.',
        "Problem processing request with {secret} by {token}",
        'cannot read "{escaped}"',
    ],
)
def test_no_error_shows_the_token_or_a_variable(message, caplog):
    secret = 'hé"llo\\w0rld-in-secret'
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    railway = Railway(refused(message.format(secret=secret, escaped=escaped, token=TOKEN), "BAD_USER_INPUT"))
    caplog.set_level("DEBUG")
    with pytest.raises(errors.RailwayError) as raised:
        set_secret(client_of(railway), secret)
    for text in (str(raised.value), repr(raised.value), raised.value.message, caplog.text):
        assert TOKEN not in text
        assert "w0rld-in-secret" not in text


def test_a_refused_value_is_cut_even_when_it_is_written_differently():
    railway = Railway(refused('Variable "$input" got invalid value { a: "hidden" }; Expected Int.', "BAD_USER_INPUT"))
    with pytest.raises(errors.BadRequest) as raised:
        set_secret(client_of(railway), "other")
    assert raised.value.message == 'Variable "$input" got an invalid value; Expected Int.'


def test_no_representation_of_the_client_shows_the_token():
    client = client_of(Railway({}))
    assert TOKEN not in f"{client!r} {client!s}"
    assert "railway.test" in repr(client)
