"""Little Railways: each answers in one way and remembers what it was asked."""

import json

import httpx

from provisioning.railway.client import RailwayClient

URL = "https://railway.test/graphql/v2"
TOKEN = "token-that-nobody-may-see"


class Railway:
    """Answers each request with the next of ``answers``, the last one again and again.

    An answer is an httpx.Response, an exception to raise, a dict (the body of a 200), or a function of the
    request's body that returns one of these.
    """

    def __init__(self, *answers):
        self._answers = list(answers)
        self.requests = []
        self.asked = []

    def __call__(self, request):
        self.requests.append(request)
        self.asked.append(json.loads(request.content))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if callable(answer):
            answer = answer(self.asked[-1])
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer) if isinstance(answer, dict) else answer

    @property
    def operations(self):
        return [asked["operationName"] for asked in self.asked]


def client_of(railway, **options):
    return RailwayClient(url=URL, token=TOKEN, transport=httpx.MockTransport(railway), **options)


def refused(message, code="INTERNAL_SERVER_ERROR", path=None, status=200, headers=None):
    error = {"message": message, "extensions": {"code": code}, "traceId": "trace-1"}
    if path:
        error["path"] = [path]
    return httpx.Response(status, json={"errors": [error], "data": None}, headers=headers)
