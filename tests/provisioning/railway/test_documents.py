from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from provisioning.railway import documents

ROOT = Path(__file__).parents[3]
SCHEMAS = {
    "the sandbox's": ROOT / "provisioning/sandbox/schema.graphql",
    "Railway's whole": ROOT.parent / "shared/railway/schema.graphql",
}
COUNTED = {
    "deployments": documents.deployments(3),
    "stacks": documents.stacks(2),
    "service_details": documents.service_details(2),
    "services_create": documents.services_create(2),
    "deployments_remove": documents.deployments_remove(2),
    "configure": documents.configure(2, 1),
    "configure without limits": documents.configure(1, 0),
    "backup_schedules": documents.backup_schedules(2),
}
CONSTANTS = {
    name: value
    for name, value in vars(documents).items()
    if name.isupper() and not name.startswith("_") and isinstance(value, str)
}
DOCUMENTS = CONSTANTS | COUNTED


@pytest.fixture(scope="module", params=SCHEMAS)
def schema(request):
    path = SCHEMAS[request.param]
    if not path.exists():
        pytest.skip(f"{request.param} schema is not at hand")
    return build_schema(path.read_text("utf-8"), assume_valid=True)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid(schema, name):
    assert validate(schema, parse(DOCUMENTS[name])) == []


def test_every_document_has_its_own_operation_name():
    names = [documents.operation(document)[0] for document in CONSTANTS.values()]
    names += {documents.operation(document)[0] for document in COUNTED.values()}
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_operation_name_and_kind_are_those_of_the_document(name):
    definition = parse(DOCUMENTS[name]).definitions[0]
    expected = (definition.name.value, definition.operation.value == "mutation")
    assert documents.operation(DOCUMENTS[name]) == expected


def test_an_anonymous_document_is_refused():
    with pytest.raises(ValueError, match="named query or mutation"):
        documents.operation("{ apiToken { workspaces { id } } }")
