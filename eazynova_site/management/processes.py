"""The services of compose.yml as processes of this machine, where there is no engine for containers.

Commands, environment, order and health checks are those of the file. What an engine would do is stood in for: names of
services lead to 127.0.0.1, ports and volumes are this stack's own, and PostgreSQL's image first makes its database.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from eazynova_site.management.compose import Service

PATIENCE_SECONDS = 240.0
# a check starts a program of its own
PAUSE_SECONDS = 1.0
PROGRAMS = ("postgres", "redis-server", "caddy")
# what a container's host name would be
ADDRESS = r"(?<![\w.-]){name}(?:\.localhost)?:(\d{{2,5}})(?!\d)"
VAR = "/app/var"
CADDYFILE = "/etc/caddy/Caddyfile"


class StackError(Exception):
    """A service did not start; the message holds its last words."""


class Stack:
    """``start`` brings all services up, each when those before it are healthy; ``stop`` leaves nothing behind."""

    def __init__(
        self,
        services: list[Service],
        *,
        root: Path,
        folder: Path,
        free_port: Callable[[], int],
        ports: Mapping[str, int],
    ) -> None:
        """``folder`` holds what volumes would; ``ports`` are those that are wished, by ``service:port``."""
        self._services = services
        self._root = root
        self.folder = folder
        self._free_port = free_port
        self._ports = dict(ports)
        self._names = {service.name for service in services}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, told: Callable[[str], None] = lambda _: None) -> None:
        """Raises StackError."""
        if missing := [name for name in PROGRAMS if _program(name) is None]:
            raise StackError(", ".join(missing))
        waiting, well = list(self._services), set[str]()
        end = time.monotonic() + PATIENCE_SECONDS
        while len(well) < len(self._services):
            for service in [each for each in waiting if set(each.after) <= well]:
                self._start(service)
                waiting.remove(service)
            for service in self._services:
                if service.name in self._running and service.name not in well and self._is_well(service):
                    well.add(service.name)
                    told(service.name)
            if time.monotonic() > end:
                raise StackError(self._last_words(set(self._running) - well))
            time.sleep(PAUSE_SECONDS)

    def port(self, service: str, port: int) -> int:
        """Where this stack's ``service`` listens for what is its ``port`` in the file."""
        key = f"{service}:{port}"
        if key not in self._ports:
            self._ports[key] = self._free_port()
        return self._ports[key]

    def stop(self) -> None:
        for process in reversed(self._running.values()):
            _signal(process, signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def stop_one(self, name: str) -> None:
        process = self._running[name]
        _signal(process, signal.SIGTERM)
        process.wait(60)

    def start_ended(self) -> list[str]:
        """Start again whatever ended by itself, as the file's ``restart`` would; their names."""
        ended = [
            service for service in self._services if not service.ends and self._running[service.name].poll() is not None
        ]
        for service in ended:
            self._start(service)
        return [service.name for service in ended]

    def settings(self, name: str) -> dict[str, str]:
        """A service's environment, as it is on this machine."""
        service = next(each for each in self._services if each.name == name)
        return {key: self._told(service, value) for key, value in service.environment.items()}

    def is_healthy(self, name: str) -> bool:
        """Whether the service's own check, run now, is content."""
        service = next(each for each in self._services if each.name == name)
        return self._run(service, service.health).returncode == 0

    def manage(self, *arguments: str, service: str = "web") -> subprocess.CompletedProcess[str]:
        """A management command with the settings of a service, as ``docker compose exec`` would run it."""
        wanted = next(each for each in self._services if each.name == service)
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=self._root, env=self._environment(wanted), capture_output=True, text=True, check=False
        )

    def volume(self, name: str) -> Path:
        """What is named as a path lies beside the file, as the operator's own texts do."""
        return self._root / name if name.startswith("./") else self.folder / "volumes" / name

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    # each service

    def _start(self, service: Service) -> None:
        volumes = (Path(self._paths(service, path)) for path in service.volumes)
        for path in (self.folder / "var", *volumes, self._scratch(service)):
            path.mkdir(parents=True, exist_ok=True)
        if service.name == "postgres":
            self._make_database(service)
        command = [self._told(service, word) for word in service.command]
        if service.name == "postgres":
            command += ["-c", "unix_socket_directories="]
        command[0] = str(_program(command[0]) or command[0])
        with (self.folder / f"{service.name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self._root,
                env=self._environment(service),
                stdout=log,
                stderr=log,
                user=_user(service),
                start_new_session=True,
            )
        self._running[service.name] = process

    def _is_well(self, service: Service) -> bool:
        """Healthy, or gone when its work is done. Raises StackError for one that ended otherwise."""
        ended = self._running[service.name].poll()
        if ended is None:
            return not service.ends and self._run(service, service.health).returncode == 0
        if ended == 0 and service.ends:
            return True
        raise StackError(f"{service.name}: {ended}\n{self.log(service.name)[-2000:]}")

    def _last_words(self, names: Iterable[str]) -> str:
        return "\n".join(f"{name}:\n{self.log(name)[-1000:]}" for name in sorted(names))

    def _run(self, service: Service, words: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
        command = [self._told(service, word) for word in words]
        command[0] = sys.executable if command[0] == "python" else command[0]
        return subprocess.run(
            command,
            cwd=self._root,
            env=self._environment(service),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=30,
        )

    def _environment(self, service: Service) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
        inherited = {"PATH": path, "ENV_FILE": "", "LC_ALL": "C.UTF-8", "TMPDIR": str(self._scratch(service))}
        told = self.settings(service.name)
        if service.name == "caddy":
            told |= {"HTTP_PORT": str(self.port("caddy", 80)), "HTTPS_PORT": str(self.port("caddy", 443))}
        return inherited | told

    # what the file says, as it is on this machine

    def _told(self, service: Service, text: str) -> str:
        for name in self._names:
            pattern = re.compile(ADDRESS.format(name=re.escape(name)))
            text = pattern.sub(lambda found, name=name: f"127.0.0.1:{self.port(name, int(found[1]))}", text)  # type: ignore[misc]
        text = re.sub(r"^--odoo-host=.*", "--odoo-host=", text)
        text = self._own_ports(service, text)
        return self._paths(service, text)

    def _own_ports(self, service: Service, text: str) -> str:
        """A service says its own ports bare: as PORT, behind ``--port``, or with 127.0.0.1."""
        own = {key.partition(":")[2] for key in self._ports if key.startswith(f"{service.name}:")}
        own |= set(re.findall(r"(?:127\.0\.0\.1:|port[= ]|-p )(\d+)", " ".join((*service.command, *service.health))))
        own |= {service.environment["PORT"]} if "PORT" in service.environment else set()
        given = {str(port) for key, port in self._ports.items() if key.startswith(f"{service.name}:")}
        return re.sub(
            r"(?<![\w.-])\d{4,5}(?![\w.-])",
            lambda found: str(self.port(service.name, int(found[0]))) if found[0] in own - given else found[0],
            text,
        )

    def _paths(self, service: Service, text: str) -> str:
        volumes = {path: self.volume(name) for path, name in service.volumes.items() if not path.startswith(VAR)}
        places = volumes | dict.fromkeys(service.tmpfs, self._scratch(service))
        places |= {VAR: self.folder / "var", "/app": self._root}
        if service.name == "caddy":
            places[CADDYFILE] = self._caddyfile(service)
        either = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
        return re.sub(rf"(?<![\w/.:])(?:{either})(?=/|$|[\s'\"])", lambda found: str(places[found[0]]), text)

    def _caddyfile(self, service: Service) -> Path:
        made = self.folder / "Caddyfile"
        text = (self._root / "deploy/caddy/Caddyfile").read_text()
        text = text.replace("http://:8080", f"http://:{self.port('caddy', 8080)}")
        text = text.replace("web:8000", f"127.0.0.1:{self.port('web', 8000)}")
        # asked for by each look at its health, and never empty for a Caddy that reads it at that moment
        if not made.exists() or made.read_text() != text:
            new = made.with_suffix(".new")
            new.write_text(text)
            new.replace(made)
        return made

    def _scratch(self, service: Service) -> Path:
        return self.folder / "tmp" / service.name

    def _make_database(self, service: Service) -> None:
        """As the image's entry point does before it starts the server."""
        folder = Path(self._told(service, service.environment["PGDATA"]))
        if folder.exists():
            return
        owner = _user(service)
        password = self._scratch(service) / "password"
        password.write_text(service.environment["POSTGRES_PASSWORD"])
        for path in (self.folder / "volumes" / "postgres", self._scratch(service), password):
            if owner:
                shutil.chown(path, owner)
        name, database = service.environment["POSTGRES_USER"], service.environment["POSTGRES_DB"]
        initdb = [
            _program("initdb"),
            "-D",
            folder,
            "-U",
            name,
            f"--pwfile={password}",
            "--no-sync",
            "--auth-local=trust",
        ]
        initdb += service.environment["POSTGRES_INITDB_ARGS"].split()
        single = [_program("postgres"), "--single", "-D", folder, "postgres"]
        for command, said in ((initdb, b""), (single, f'CREATE DATABASE "{database}"\n'.encode())):
            done = subprocess.run(
                [str(word) for word in command],
                input=said,
                user=owner,
                cwd=folder.parent,
                capture_output=True,
                check=False,
            )
            if done.returncode:
                raise StackError(f"postgres: {done.stderr.decode()[-2000:]}")
        password.unlink()


def _user(service: Service) -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if service.name == "postgres" and os.geteuid() == 0 else None


def _program(name: str) -> str | None:
    """Debian keeps PostgreSQL's server apart."""
    own = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return (
        str(own[-1]) if own else shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    )


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
