"""The agents beside the deployed Odoos: the very code that the containers carry, in a house of the sandbox's own."""

import asyncio
import ipaddress
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar
from urllib.parse import urlsplit

from provisioning.odoo.bootstrap.agent import Agent, Door
from provisioning.odoo.bootstrap.errand import Errand, Failed, NotNow, NotWanted
from provisioning.sandbox import containers
from provisioning.sandbox.odoo import restoring
from provisioning.sandbox.odoo.house import House, Inventory
from provisioning.sandbox.records import Deployment, Service
from provisioning.sandbox.workspace import Workspace

AGAIN_SECONDS = 60
LONGEST_LOOK = 10.0
LAST_WORDS_SECONDS = 2.0
Result = TypeVar("Result")


class Companions:
    """To be used on the server's thread; each agent lives in one of its own.

    None ever calls anybody beyond this machine, and none lives at all where ``agent_pace`` is 0.
    """

    def __init__(self, workspace: Workspace, loop: asyncio.AbstractEventLoop) -> None:
        self._workspace = workspace
        self._loop = loop
        # by service id
        self._living: dict[str, tuple[Deployment, threading.Event]] = {}
        self._threads: list[threading.Thread] = []

    def accompany(self, service: Service, deployment: Deployment | None) -> None:
        """Let exactly the agent of the deployment that runs now live, or none."""
        held = self._living.get(service.id)
        if held and held[0] is not deployment:
            self._living.pop(service.id)[1].set()
        if deployment and service.id not in self._living and self._calls_somebody(deployment):
            ended = threading.Event()
            self._living[service.id] = deployment, ended
            thread = threading.Thread(target=self._live, args=(deployment, ended), name="sandbox-agent", daemon=True)
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def leave_all(self) -> None:
        for _, ended in self._living.values():
            ended.set()
        self._living.clear()

    def stop(self) -> None:
        """The end of all; what they are just saying is said before, as far as it takes no time."""
        self.leave_all()
        end = time.monotonic() + LAST_WORDS_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))

    def _calls_somebody(self, deployment: Deployment) -> bool:
        if not self._workspace.options.agent_pace or containers.role(deployment) != "odoo":
            return False
        host = urlsplit(deployment.variables.get("PROV_AGENT_URL", "")).hostname or ""
        return bool(deployment.variables.get("PROV_AGENT_TOKEN")) and _is_local(host)

    def _live(self, deployment: Deployment, ended: threading.Event) -> None:
        variables, pace = deployment.variables, self._workspace.options.agent_pace

        def sleep(seconds: float) -> None:
            ended.wait(seconds * pace)

        agent = Agent(
            Door(variables["PROV_AGENT_URL"], variables["PROV_AGENT_TOKEN"]),
            House(
                variables["PROV_DB"],
                lambda: self._on_the_server(lambda: self._look(deployment)),
                lambda restored: self._drop_former(deployment, restored),
                lambda url: self._on_the_server(lambda: containers.set_address(self._workspace.store, deployment, url)),
            ),
            sleep,
            log=lambda line: None,
        )
        self._restore(deployment, sleep, ended)
        while not ended.is_set():
            # as in its container: what ends it does not end Odoo, and it comes back
            with suppress(Exception):
                agent.live(lambda: not ended.is_set())
            sleep(AGAIN_SECONDS)

    def _restore(self, deployment: Deployment, sleep: Callable[[float], object], ended: threading.Event) -> None:
        """The part of its start that asks at the door, until Odoo may be served."""
        store, variables = self._workspace.store, deployment.variables

        def on_the_server(act: Callable[[], Result]) -> Result:
            return self._on_the_server(act)

        def wanted() -> bool:
            found = containers.database(store, deployment)
            return containers.is_to_be_restored(found, deployment) or containers.is_to_be_seeded(found, deployment)

        errand = Errand.of(variables, sleep)
        with suppress(Exception):
            if errand is None or ended.is_set() or not on_the_server(wanted):
                return
            settled = True
            try:
                records, counted = restoring.fetched(errand, variables, sleep)
                errand.loaded(counted)
                on_the_server(lambda: containers.put_in_place(store, deployment, records))
                return
            except Failed as failure:
                errand.failed(failure)
            except NotNow:
                settled = False
            except NotWanted:
                pass
            if errand.is_seed:
                on_the_server(lambda: containers.install(store, deployment))
            else:
                on_the_server(lambda: containers.serve_as_before(store, deployment, settled=settled))

    def _drop_former(self, deployment: Deployment, restored: str) -> bool:
        return self._on_the_server(lambda: containers.drop_former(self._workspace.store, deployment, restored))

    def _look(self, deployment: Deployment) -> Inventory | None:
        store = self._workspace.store
        try:
            records = containers.database(store, deployment).content
        except containers.CannotStart:
            return None
        volume = store.volume_of(store.services[deployment.service_id])
        kept = volume is None or deployment.variables["PROV_DB"] in volume.content.get("filestore", ())
        return Inventory.of(records, has_files=kept) if records else None

    def _on_the_server(self, look: Callable[[], Result]) -> Result:
        """Raises RuntimeError or TimeoutError when the sandbox has ended."""
        found: Future[Result] = Future()

        def run() -> None:
            try:
                found.set_result(look())
            except Exception as error:
                found.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return found.result(LONGEST_LOOK)


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
