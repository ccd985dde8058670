"""Reading much at once: many environments or services in one request, for those who compare everything."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from provisioning.railway import decoding, documents
from provisioning.railway.errors import NotAuthorized, RailwayError
from provisioning.railway.results import EnvironmentRef, ServiceDetails, Stack
from provisioning.railway.transport import Transport

ENVIRONMENTS_A_REQUEST = 20
SERVICES_A_REQUEST = 20
Key = TypeVar("Key")
Found = TypeVar("Found")
Answers = Mapping[str, Any]


class Surveys:
    """Every method raises TokenRefused when the token is the reason, RailwayError when a request fails as a whole."""

    _transport: Transport

    def check_token(self) -> None:
        raise NotImplementedError

    def stacks(self, places: Sequence[EnvironmentRef]) -> dict[EnvironmentRef, Stack | RailwayError]:
        """Each environment, or why Railway does not tell it; 20 in one request."""
        return self._survey(
            places,
            ENVIRONMENTS_A_REQUEST,
            documents.stacks,
            lambda n, place: {f"e{n}": place.environment_id, f"p{n}": place.project_id},
            lambda n, answers: decoding.stack(answers[f"e{n}"]),
        )

    def service_details(self, services: Mapping[str, EnvironmentRef]) -> dict[str, ServiceDetails | RailwayError]:
        """Variables and limits of services, given and returned by id; 20 in one request."""
        return self._survey(
            list(services),
            SERVICES_A_REQUEST,
            documents.service_details,
            lambda n, each: {
                f"s{n}": each,
                f"e{n}": services[each].environment_id,
                f"p{n}": services[each].project_id,
            },
            _details,
        )

    def _survey(
        self,
        keys: Sequence[Key],
        size: int,
        document: Callable[[int], str],
        variables: Callable[[int, Key], dict[str, str]],
        decode: Callable[[int, Answers], Found],
    ) -> dict[Key, Found | RailwayError]:
        told: dict[Key, Found | RailwayError] = {}
        for start in range(0, len(keys), size):
            told |= self._ask(keys[start : start + size], document, variables, decode)
        return told

    def _ask(
        self,
        keys: Sequence[Key],
        document: Callable[[int], str],
        variables: Callable[[int, Key], dict[str, str]],
        decode: Callable[[int, Answers], Found],
    ) -> dict[Key, Found | RailwayError]:
        """One unknown thing empties Railway's whole answer, so the others are asked about again without it."""
        told: dict[Key, Found | RailwayError] = {}
        token_checked = False
        while left := [each for each in keys if each not in told]:
            named = {name: value for n, each in enumerate(left) for name, value in variables(n, each).items()}
            answers = self._transport.ask_each(document(len(left)), named, lambda value: value)
            errors = {alias: error for alias, error in answers.items() if isinstance(error, RailwayError)}
            if not token_checked and any(isinstance(error, NotAuthorized) for error in errors.values()):
                self.check_token()
                token_checked = True
            told |= {left[int(alias[1:])]: error for alias, error in errors.items()}
            if not errors:
                told |= {each: decode(n, answers) for n, each in enumerate(left)}
        return told


def _details(n: int, answers: Answers) -> ServiceDetails:
    variables = {name: str(value) for name, value in answers[f"v{n}"].items()}
    return ServiceDetails(variables, decoding.limits(answers.get(f"l{n}")))
