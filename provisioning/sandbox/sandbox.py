"""The sandbox as a whole: a server in a thread of its own, with what tests and the command need."""

import asyncio
import resource
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from provisioning.sandbox.addresses import Addresses
from provisioning.sandbox.control import PREFIX, Control
from provisioning.sandbox.deployments import Deployments
from provisioning.sandbox.dns_server import DnsServer
from provisioning.sandbox.http_server import Listener, Request
from provisioning.sandbox.odoo.instances import Instances
from provisioning.sandbox.ports import check_free, free_port
from provisioning.sandbox.railway_api import PATH, RailwayApi, json_response
from provisioning.sandbox.report import report
from provisioning.sandbox.resolvers import Resolvers
from provisioning.sandbox.s3.bucket import Bucket
from provisioning.sandbox.s3.server import S3
from provisioning.sandbox.s3.signature import Credentials
from provisioning.sandbox.throttles import Budget
from provisioning.sandbox.webhooks import Webhooks
from provisioning.sandbox.workspace import Options, Workspace

HOST = "127.0.0.1"
# for whoever only asks whether it answers
ALIVE = "/alive"
LONGEST_CALL = 60.0
LARGEST_PART = 128 * 1024 * 1024
Result = TypeVar("Result")


class ScriptedFaults:
    """Faults added and removed from another thread than the server's."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def add(self, **fault: Any) -> str:
        """The new fault's id. See `faults` for what may be given. Raises ValueError."""
        return self._sandbox.call(lambda: self._sandbox.workspace.faults.add(fault).id)

    def remove(self, fault_id: str) -> None:
        self._sandbox.call(lambda: self._sandbox.workspace.faults.remove(fault_id))

    def clear(self) -> None:
        self._sandbox.call(self._sandbox.workspace.faults.remove)

    def all(self) -> list[Mapping[str, Any]]:
        return self._sandbox.call(lambda: [fault.as_dict() for fault in self._sandbox.workspace.faults.all()])


class Sandbox:
    """A stand-in for Railway's API at `url`, and for every Odoo deployed through it on 127.x.y.z:`odoo_port`.

    At `s3_url` is the storage of another company, unless there is no ``s3_bucket``; at `dns` the DNS with the
    customers' own zones. Port 0 takes a free one, kept in ``state_dir`` for the next start. Without ``state_dir``
    everything is forgotten at the end. The other options are those of `workspace.Options`.
    `stop` frees all addresses at once.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        port: int = 0,
        odoo_port: int = 0,
        s3_port: int = 0,
        dns_port: int = 0,
        **options: Any,
    ) -> None:
        self.options = Options(**options)
        self.faults = ScriptedFaults(self)
        self._state_dir = state_dir
        self._port = port
        self._odoo_port = odoo_port
        self._s3_port = s3_port
        self._dns_port = dns_port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The GraphQL endpoint."""
        return f"http://{HOST}:{self._port}{PATH}"

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self._port}{PREFIX}"

    @property
    def s3_url(self) -> str:
        """The endpoint of the S3-compatible storage."""
        return f"http://{HOST}:{self._s3_port}"

    @property
    def dns(self) -> str:
        """Where the DNS is asked, as host:port."""
        return f"{HOST}:{self._dns_port}"

    @property
    def token(self) -> str:
        return self.options.token

    @property
    def workspace_id(self) -> str:
        return self.options.workspace_id

    @property
    def odoo_port(self) -> int:
        return self._odoo_port

    def start(self) -> Self:
        """Listen; what was deployed before runs again. Raises OSError when an address is taken."""
        _raise_file_limit()
        ready = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="sandbox", daemon=True)
        self._thread.start()
        ready.wait()
        self._raise_failure()
        return self

    def stop(self) -> None:
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LONGEST_CALL)
            self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def state(self, project: str = "") -> dict[str, Any]:
        """What there is, of all projects or of one (its id or name); see `report`."""
        return self.call(lambda: report(self.workspace, project))

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock, so that deployments, throttles and lags need not be waited for."""
        self.call(lambda: self.workspace.advance(seconds))

    def set_zone(self, name: str, records: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
        """Write a zone as its owner would; see `zones`. Raises ValueError."""
        self.call(lambda: self.workspace.zones.set(name, records, **more))

    def tell_certificate(self, domain: str, status: str, error: str = "") -> None:
        """Let Railway tell this of the certificate of a custom domain, whatever is true. Raises ValueError."""
        self.call(lambda: self._tell_certificate(domain, status, error))

    def reset(self) -> None:
        """Forget every project, rule, zone and fault."""
        self.call(self._reset)

    def call(self, action: Callable[[], Result]) -> Result:
        """Run something on the server's thread and wait for it."""
        if self._loop is None:
            raise RuntimeError("The sandbox is not running.")

        async def run() -> Result:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(LONGEST_CALL)

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure

    def _serve(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        opened: list[Callable[[], None]] = []
        try:
            self._open(loop, opened)
        except BaseException as error:
            self._failure = error
        else:
            self._loop = loop
        ready.set()
        try:
            if self._failure is None:
                loop.run_forever()
        finally:
            for close in reversed(opened):
                close()
            _end_tasks(loop)
            loop.close()

    def _open(self, loop: asyncio.AbstractEventLoop, opened: list[Callable[[], None]]) -> None:
        workspace = self.workspace = Workspace(self.options, self._state_dir)
        opened.append(workspace.store.close)
        self._port = self._port or workspace.store.meta.get("port", 0)
        self._odoo_port = self._odoo_port or workspace.store.meta.get("odoo_port", 0) or free_port()
        if not self.options.odoo_host:
            check_free(Addresses(workspace.store).next(), self._odoo_port)
        workspace.references.port = self._odoo_port
        webhooks = Webhooks(workspace)
        opened.append(webhooks.stop)
        deployments = Deployments(workspace, webhooks)
        self._instances = Instances(workspace, loop)
        opened.append(self._instances.stop)
        deployments.changed = self._instances.deployment_changed
        workspace.faults.changed = self._instances.faults_changed
        resolvers = Resolvers(workspace, deployments, budget := Budget(workspace), self._instances.refresh)
        self._api = RailwayApi(workspace, resolvers, budget)
        self._control = Control(
            self.token,
            workspace.faults,
            state=lambda project: report(workspace, project),
            advance=workspace.advance,
            reset=self._reset,
            zones=workspace.zones,
            tell_certificate=self._tell_certificate,
        )
        listener = Listener(loop, self.options.host, self._port, self._handle)
        opened.append(listener.close)
        self._port = listener.port
        if self.options.s3_bucket:
            self._open_storage(loop, opened)
        names = DnsServer(loop, workspace.zones, self._dns_port, workspace.store.meta.get("dns_port", 0))
        opened.append(names.close)
        self._dns_port = names.port
        ports = {"odoo_port": self._odoo_port, "s3_port": self._s3_port, "dns_port": self._dns_port}
        workspace.store.remember(port=self._port, **ports)
        workspace.store.flush()
        self._resume(deployments, resolvers)
        workspace.timeline.attach(loop)
        opened.append(workspace.timeline.detach)

    def _open_storage(self, loop: asyncio.AbstractEventLoop, opened: list[Callable[[], None]]) -> None:
        options, workspace = self.options, self.workspace
        if self._state_dir is None:
            scratch = tempfile.TemporaryDirectory(prefix="sandbox-s3-")
            opened.append(scratch.cleanup)
        folder = Path(scratch.name) if self._state_dir is None else self._state_dir / "s3"
        self.bucket = Bucket(folder, locking=options.s3_locking, most_bytes=options.s3_most_bytes)
        credentials = Credentials(options.s3_access_key_id, options.s3_secret_access_key, options.s3_region)
        s3 = S3({options.s3_bucket: self.bucket}, credentials, workspace.faults, workspace.clock.now)
        port = self._s3_port or workspace.store.meta.get("s3_port", 0)
        listener = Listener(loop, options.host, port, s3.handle, largest_body=LARGEST_PART)
        opened.append(listener.close)
        self._s3_port = listener.port

    def _resume(self, deployments: Deployments, resolvers: Resolvers) -> None:
        deployments.resume()
        for project in self.workspace.store.projects.values():
            resolvers.projects.await_end(project)
        self.workspace.timeline.run_due()
        self._instances.refresh_all()
        self.workspace.store.flush()

    def _handle(self, request: Request) -> Any:
        path = request.path
        if path == ALIVE:
            return json_response(200, {})
        if path == PATH:
            return self._api.handle(request)
        if path.startswith(PREFIX):
            return self._control.handle(request)
        return json_response(404, {"error": "Not Found"})

    def _tell_certificate(self, domain: str, status: str, error: str) -> None:
        row = self.workspace.store.custom_domain(domain)
        if row is None:
            raise ValueError(f"There is no custom domain {domain}.")
        row.certificate, row.error = status, error
        self.workspace.store.save(row)
        self.workspace.store.flush()

    def _reset(self) -> None:
        self.workspace.timeline.clear()
        self.workspace.faults.remove()
        self.workspace.stand_ready()
        self.workspace.store.clear()
        self.workspace.store.remember(zones={})
        self.workspace.requests.clear()
        if self.options.s3_bucket:
            self.bucket.clear()
        self._instances.close_all()


def _raise_file_limit() -> None:
    """Each instance listens on a socket of its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
