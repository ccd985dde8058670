"""compose.yml and the images: right by their schema, pinned, without root, with limits and checks that prove."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from eazynova_site.management import compose

ROOT = Path(settings.BASE_DIR)
FILE = ROOT / "compose.yml"
GIVEN = yaml.safe_load(FILE.read_text())["services"]
NEEDED = {"SITE_DOMAIN": "portal.example.com", "POSTGRES_PASSWORD": "p" * 32, "REDIS_PASSWORD": "r" * 32}
BUILT = re.compile(r"\$\{EAZYNOVA_IMAGE:-eazynova:local\}|eazynova-caddy:\d+\.\d+\.\d+")
EXACT = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?-[\w.]+(@sha256:[0-9a-f]{64})?")


def tool(*words):
    return subprocess.run(
        [Path(sys.executable).with_name(words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_file_is_right_by_the_schema_of_compose_and_the_images_by_their_linter():
    done = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yml")
    assert done.returncode == 0, done.stdout
    done = tool("hadolint", "Dockerfile", "deploy/caddy/Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", GIVEN)
def test_every_service_is_pinned_limited_hardened_and_started_again(name):
    service = GIVEN[name]
    assert BUILT.fullmatch(service["image"]) or EXACT.fullmatch(service["image"])
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name == "release" else "unless-stopped")
    assert "user" in service or "build" in service, "root"
    assert name == "release" or service["healthcheck"]["test"]
    assert service["logging"]["options"]["max-size"]


def test_the_images_that_we_build_end_without_root():
    for path in ("Dockerfile", "deploy/caddy/Dockerfile"):
        assert re.findall(r"^USER (\S+)", (ROOT / path).read_text(), re.M)[-1].split(":")[0] == "10001"


def test_nothing_but_the_proxy_is_reached_from_outside():
    published = {name: service["ports"] for name, service in GIVEN.items() if service.get("ports")}
    assert sorted(published) == ["caddy", "sandbox"]
    assert all(port.startswith("127.0.0.1:") for port in published["sandbox"])
    assert all(service["networks"] == ["data"] for name, service in GIVEN.items() if name in ("postgres", "redis"))


def test_nobody_starts_before_the_release_and_somebody_waits_for_it():
    started = [service.name for service in compose.services(FILE, NEEDED)]
    assert "sandbox" not in started
    assert started.index("release") < min(started.index(name) for name in ("web", "worker", "webhooks", "beat"))
    # who is waited for with --wait and ends would count as a failure, were it not waited for by another
    assert {each.after.get("release") for each in compose.services(FILE, NEEDED) if each.name in ("web", "worker")} == {
        "service_completed_successfully"
    }


def test_the_operators_texts_are_where_whoever_shows_them_looks():
    for name in ("web", "worker"):
        folder = GIVEN[name]["environment"]["LEGAL_FOLDER"]
        assert f"./legal:{folder}:ro" in GIVEN[name]["volumes"]


def test_without_the_installation_it_says_what_to_do():
    with pytest.raises(ValueError, match="POSTGRES_PASSWORD is missing"):
        compose.services(FILE, {**NEEDED, "POSTGRES_PASSWORD": ""})


def test_the_procfile_and_compose_run_the_same():
    """Two files, one truth: what a queue is called and who serves it."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    for name in ("worker", "webhooks"):
        queue = re.search(r"--queues[ =](\w+)", lines[name])[1]
        assert f"--queues={queue}" in GIVEN[name]["command"]
    assert lines["web"].split() == GIVEN["web"]["command"]
    command = GIVEN["testmode"]["command"]
    assert lines["testmode"].split()[:4] == command[:4]
    assert f"--port {command[5].removeprefix('--port=')}" in lines["testmode"]


def test_the_sandbox_of_test_mode_is_reached_by_the_site_alone_and_reaches_nobody():
    assert GIVEN["testmode"]["networks"] == ["tests"]
    assert "ports" not in GIVEN["testmode"]
    assert yaml.safe_load(FILE.read_text())["networks"]["tests"]["internal"]
    others = {name for name, service in GIVEN.items() if "tests" in service["networks"]} - {"testmode"}
    assert others == {"web", "worker", "webhooks", "beat", "release"}
    port = next(word for word in GIVEN["testmode"]["command"] if word.startswith("--port=")).removeprefix("--port=")
    for name in ("web", "worker", "beat"):
        assert GIVEN[name]["environment"]["TEST_MODE_URL"].startswith(f"http://testmode:{port}/")
