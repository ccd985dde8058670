"""What the client can stop and delete at Railway.

A repeated deletion is answered with NotFound, NotAuthorized or ServerProblem, as Railway pleases:
whether a thing is gone is proven by reading, never by the answer to its deletion.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from provisioning.railway import documents
from provisioning.railway.errors import NotFound, NotYetVisible
from provisioning.railway.transport import Transport


class Removals:
    """Every method raises RailwayError, NotFound among them."""

    _transport: Transport

    def remove_deployments(self, deployment_ids: Sequence[str]) -> None:
        """Stop deployments in the given order, in one request; volumes, variables and domains stay.

        Raises PartialAnswer when those before its alias (``d0``, ``d1``, ...) were stopped.
        """
        if deployment_ids:
            ids = {f"d{n}": each for n, each in enumerate(deployment_ids)}
            self._do(documents.deployments_remove(len(ids)), ids)

    def delete_service(self, service_id: str, environment_id: str | None = None) -> None:
        """Delete the service; with ``environment_id`` only from a forked environment."""
        self._do(documents.SERVICE_DELETE, {"id": service_id, "environmentId": environment_id})

    def delete_volume(self, volume_id: str) -> None:
        """Delete the volume; Railway keeps its data for 48 hours, for its owner's e-mail link only."""
        self._do(documents.VOLUME_DELETE, {"volumeId": volume_id})

    def delete_domain(self, domain_id: str) -> None:
        """Delete a domain that Railway gave."""
        self._do(documents.DOMAIN_DELETE, {"id": domain_id})

    def delete_custom_domain(self, domain_id: str) -> None:
        """The customer's own name leads nowhere any more; should it come back, it wants another target."""
        self._do(documents.CUSTOM_DOMAIN_DELETE, {"id": domain_id})

    def schedule_project_deletion(self, project_id: str) -> None:
        """Let Railway delete the project with all in it after 48 hours."""
        self._do(documents.PROJECT_SCHEDULE_DELETE, {"id": project_id})

    def cancel_project_deletion(self, project_id: str) -> None:
        """Undo :meth:`schedule_project_deletion` within its 48 hours."""
        self._do(documents.PROJECT_SCHEDULE_DELETE_CANCEL, {"id": project_id})

    def force_project_deletion(self, project_id: str) -> None:
        """Delete a project, whose deletion is scheduled, now and for ever."""
        self._do(documents.PROJECT_SCHEDULE_DELETE_FORCE, {"id": project_id})

    def delete_notification_rule(self, rule_id: str) -> None:
        self._do(documents.WEBHOOK_DELETE, {"id": rule_id})

    def _do(self, document: str, variables: Mapping[str, str | None]) -> None:
        with _gone_rather_than_new():
            self._transport.do(document, variables)


@contextmanager
def _gone_rather_than_new() -> Iterator[None]:
    """Railway's words for "not there yet" mean "not there any more" when the thing was to be removed."""
    try:
        yield
    except NotYetVisible as error:
        gone = NotFound(error.message)
        gone.locate(document=error.document, status=error.status, trace_id=error.trace_id, alias=error.alias)
        raise gone from error
