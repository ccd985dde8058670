import pytest
from django.utils import translation

import provisioning.engine.recipes  # noqa: F401  brings every step's errors in
from provisioning.errors import ProvisioningError
from provisioning.reasons import REASONS, UNKNOWN, reason


def _all_errors(kind=ProvisioningError):
    for sub in kind.__subclasses__():
        if sub.__module__.startswith("provisioning."):
            yield sub
        yield from _all_errors(sub)


@pytest.mark.parametrize("error", sorted(set(_all_errors()), key=lambda error: error.__qualname__))
def test_every_error_has_a_sentence_for_people(error):
    assert error.code in REASONS


@pytest.mark.parametrize("code", sorted(REASONS))
def test_no_sentence_for_customers_names_what_is_inside(code):
    with translation.override("en"):
        sentence = str(reason(code).sentence)
    assert sentence
    assert not any(word in sentence for word in ("Railway", "GraphQL", "token", "exception"))


def test_an_unheard_of_code_still_gets_a_sentence():
    assert reason("no such code") is UNKNOWN
