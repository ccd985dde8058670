"""How the API reads a body: JSON within limits, and a wrong character is told with its place."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

from provisioning import strict_json


class StrictJsonParser(JSONParser):
    """UTF-8 whatever charset is named, as RFC 8259 has it."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return strict_json.loads(stream.read())
        except strict_json.UnreadableText as error:
            detail = _("This text holds characters that cannot be kept.")
            raise ValidationError({error.pointer.removeprefix("/"): [detail]}) from error
        except strict_json.Unreadable as error:
            raise ParseError from error
