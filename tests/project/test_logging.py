import json
import logging
import logging.config
import sys
from io import StringIO

import pytest

from eazynova_site.logging import logging_config
from provisioning import logcontext
from provisioning.redaction import HIDDEN

SECRET = "railway-token-0123456789"


@pytest.fixture
def written(request):
    """What a logger with the site's handler wrote, for the form that the test asks for."""
    config = logging_config(debug=False, form=request.param, level="INFO", secrets=[SECRET, ""])
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    configurator = logging.config.DictConfigurator(config)
    for name in config["handlers"]["stderr"]["filters"]:
        handler.addFilter(configurator.configure_filter(dict(config["filters"][name])))
    handler.setFormatter(configurator.configure_formatter(dict(config["formatters"][request.param])))
    logger = logging.Logger("tests", level="INFO")
    logger.addHandler(handler)
    return logger, stream.getvalue


both = pytest.mark.parametrize("written", ["text", "json"], indirect=True)


@both
@pytest.mark.parametrize(
    "line",
    [
        f"asked with {SECRET}",
        "Authorization: Bearer abc.def-123",
        "GET /progress?token=abcdef123",
        "key eaz_live_abcdef123 used",
    ],
)
def test_a_secret_never_reaches_a_log_line(written, line):
    logger, text = written
    logger.info("%s", line)
    assert HIDDEN in text()
    assert not any(secret in text() for secret in (SECRET, "abc.def-123", "abcdef123"))


@both
def test_a_secret_in_a_traceback_is_hidden_as_well(written):
    logger, text = written
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError:
        logger.exception("It failed")
    assert "ValueError" in text()
    assert SECRET not in text()


@both
def test_a_line_carries_the_ids_of_what_it_is_about(written):
    logger, text = written
    with logcontext.bound(operation="op_1"), logcontext.bound(instance="acme-1"):
        logger.info("One step done")
    logger.info("Something else")
    first, second = text().splitlines()
    assert "op_1" in first
    assert "acme-1" in first
    assert "op_1" not in second


@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_a_json_line_is_one_object_whatever_the_message_holds(written):
    logger, text = written
    logger.warning('a "quoted"\nmessage', extra={"ignored": object()})
    event = json.loads(text())
    assert (event["level"], event["message"]) == ("WARNING", 'a "quoted"\nmessage')


def test_everything_goes_to_standard_error_and_nothing_to_standard_output():
    config = logging_config(debug=True, form="text", level="INFO", secrets=[])
    handler = logging.config.DictConfigurator({"handlers": {}, **config}).configure_handler(
        {"class": "logging.StreamHandler"}
    )
    assert handler.stream is sys.stderr
