"""The sandbox must not accept what Railway would refuse: its schema is a part of Railway's, type by type."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_required_argument,
    is_required_input_field,
)

ROOT = Path(__file__).resolve().parents[3]
RAILWAY = ROOT.parent / "shared" / "railway" / "schema.graphql"
OURS = ROOT / "provisioning" / "sandbox" / "schema.graphql"


def _differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    found: list[str] = []
    for name, mine in ours.type_map.items():
        if name.startswith("__"):
            continue
        other = theirs.type_map.get(name)
        if type(mine) is not type(other):
            found.append(f"{name} is not the same kind of type")
        elif isinstance(mine, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
            found += [f"{name}.{value} is unknown" for value in mine.values if value not in other.values]
        elif isinstance(mine, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(other, GraphQLObjectType | GraphQLInterfaceType)
            found += _field_differences(mine, other)
        elif isinstance(mine, GraphQLInputObjectType) and isinstance(other, GraphQLInputObjectType):
            found += _input_differences(mine, other)
    return found


def _field_differences(
    mine: GraphQLObjectType | GraphQLInterfaceType, other: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    found = []
    for name, field in mine.fields.items():
        where = f"{mine.name}.{name}"
        if name not in other.fields:
            found.append(f"{where} is unknown")
            continue
        real = other.fields[name]
        if str(field.type) != str(real.type):
            found.append(f"{where} is {real.type}, not {field.type}")
        for argument, definition in field.args.items():
            if argument not in real.args or str(real.args[argument].type) != str(definition.type):
                found.append(f"{where}({argument}) differs")
        found += [
            f"{where}({argument}) is required and missing"
            for argument, definition in real.args.items()
            if is_required_argument(definition) and argument not in field.args
        ]
    return found


def _input_differences(mine: GraphQLInputObjectType, other: GraphQLInputObjectType) -> list[str]:
    found = []
    for name, field in mine.fields.items():
        real = other.fields.get(name)
        if real is None or str(real.type) != str(field.type) or real.default_value != field.default_value:
            found.append(f"{mine.name}.{name} differs")
    found += [
        f"{mine.name}.{name} is required and missing"
        for name, field in other.fields.items()
        if is_required_input_field(field) and name not in mine.fields
    ]
    return found


@pytest.mark.skipif(not RAILWAY.exists(), reason="Railway's full schema is not at hand.")
def test_the_schema_is_a_part_of_railways() -> None:
    # the full schema holds a deprecated type that the strict check refuses
    theirs = build_schema(RAILWAY.read_text(), assume_valid=True)
    assert _differences(build_schema(OURS.read_text()), theirs) == []


def test_the_schema_is_valid_by_itself() -> None:
    assert build_schema(OURS.read_text()).query_type is not None
