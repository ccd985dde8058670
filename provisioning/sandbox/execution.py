"""GraphQL over the sandbox's schema."""

import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from provisioning.sandbox.call import Call
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.faults import FIELD

logger = logging.getLogger(__name__)

CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
CACHED_DOCUMENTS = 2_000
CODE = "INTERNAL_SERVER_ERROR"
Info = GraphQLResolveInfo[Call]
Result = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Document:
    """A parsed document: its operations with their root fields, and why it is invalid, if it is."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...]
    operations: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=CACHED_DOCUMENTS)
def read_document(query: str) -> Document:
    """Parse and validate a document, once for all sandboxes of this process."""
    try:
        node = parse(query)
    except GraphQLError as error:
        return Document(None, (error,), {})
    operations = {
        (definition.name.value if definition.name else ""): tuple(
            selection.name.value
            for selection in definition.selection_set.selections
            if isinstance(selection, FieldNode)
        )
        for definition in node.definitions
        if isinstance(definition, OperationDefinitionNode)
    }
    return Document(node, tuple(validate(_schema(), node)), operations)


def run(document: Document, operation_name: str | None, call: Call) -> Result:
    """HTTP status and body: 400 for a document or variables that do not fit, else 200, with errors or without."""
    if document.node is None or document.errors:
        return 400, {"errors": [_formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in document.errors]}
    result = execute_sync(
        _schema(),
        document.node,
        context_value=call,
        variable_values=dict(call.variables),
        operation_name=operation_name,
    )
    if result.errors and result.data is None and not any(error.path for error in result.errors):
        return 400, {"errors": [_formatted(error, "BAD_USER_INPUT") for error in result.errors]}
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_formatted(error, CODE) for error in result.errors]
    return 200, body


def error_body(message: str, code: str, path: str | None) -> dict[str, Any]:
    """A whole answer that is one error."""
    error: dict[str, Any] = {"message": message, "extensions": {"code": code}, "traceId": _trace_id()}
    if path:
        error |= {"path": [path], "locations": [{"line": 1, "column": 1}]}
    return {"errors": [error], "data": None}


def _formatted(error: GraphQLError, code: str) -> dict[str, Any]:
    cause = error.original_error
    message = error.message
    if isinstance(cause, Refusal):
        code = cause.code
    elif cause is not None:
        logger.error("The sandbox failed at %s", error.path, exc_info=cause)
        message = "Problem processing request"
    found: dict[str, Any] = {
        "message": message,
        "locations": [{"line": at.line, "column": at.column} for at in error.locations or ()],
        "extensions": {"code": code},
        "traceId": _trace_id(),
    }
    if error.path:
        found["path"] = error.path
    return found


def _trace_id() -> str:
    return str(uuid.uuid4().int % 10**19)


@lru_cache(maxsize=1)
def _schema() -> GraphQLSchema:
    schema = build_schema(resources.files("provisioning.sandbox").joinpath("schema.graphql").read_text("utf-8"))
    _name_arguments(schema)
    if schema.query_type is None or schema.mutation_type is None:
        raise LookupError("The schema has no root types.")
    for name, field in schema.query_type.fields.items():
        field.resolve = partial(_answer, name)
    for name, field in schema.mutation_type.fields.items():
        field.resolve = partial(_obey, name, get_named_type(field.type).name)
    return schema


def _name_arguments(schema: GraphQLSchema) -> None:
    """Resolvers get arguments and members of inputs under Python's kind of names."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, member in kind.fields.items():
                member.out_name = _snake_case(name)
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, argument in (pair for field in kind.fields.values() for pair in field.args.items()):
                argument.out_name = _snake_case(name)


def _snake_case(name: str) -> str:
    return CAPITAL.sub("_", name).lower()


def _answer(name: str, _root: object, info: Info, **arguments: Any) -> Any:
    return info.context.resolvers[name](info.context, **arguments)


def _obey(name: str, returns: str, root: object, info: Info, **arguments: Any) -> Any:
    """A mutation, unless a fault says otherwise."""
    call = info.context
    if not call.fields_run:
        call.field_fault = call.claim(*FIELD)
    call.fields_run += 1
    fault = call.field_fault
    kind = fault.kind if fault else None
    if fault and kind == "field_refused" and name == fault.operation:
        raise Refusal(fault.text("message", "Problem processing request"))
    if kind == "partial" and call.fields_run > 1:
        raise Refusal("Problem processing request")
    if kind == "no_effect" and returns in ("Boolean", "String"):
        return True if returns == "Boolean" else str(uuid.uuid4())
    return _answer(name, root, info, **arguments)
