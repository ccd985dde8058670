import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from eazynova_site import env
from eazynova_site.database import database_from_url


@pytest.fixture
def setting(monkeypatch):
    def set_to(value, name="SETTING"):
        monkeypatch.setenv(name, value)

    monkeypatch.delenv("SETTING", raising=False)
    monkeypatch.delenv("SETTING_FILE", raising=False)
    return set_to


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: env.env_bool("SETTING", True), "no", False),
        (lambda: env.env_bool("SETTING", False), "1", True),
        (lambda: env.env_bool("SETTING", True), "", True),
        (lambda: env.env_int("SETTING", 1), " 12 ", 12),
        (lambda: env.env_float("SETTING", 1), "0.5", 0.5),
        (lambda: env.env_list("SETTING"), "a, b,,c ", ["a", "b", "c"]),
        (lambda: env.env_choice("SETTING", "fr", ("fr", "en")), "en", "en"),
        (lambda: env.env_url("SETTING"), "https://example.com/", "https://example.com"),
        (lambda: env.env_time_zone("SETTING", "UTC"), "Europe/Paris", "Europe/Paris"),
        (lambda: env.env_secret("SETTING"), "s3cret", "s3cret"),
    ],
)
def test_a_value_is_read_as_what_it_is(setting, read, value, expected):
    setting(value)
    assert read() == expected


@pytest.mark.parametrize(
    ("read", "value", "advice"),
    [
        (lambda: env.env_bool("SETTING", True), "perhaps", "write 1 or 0"),
        (lambda: env.env_int("SETTING", 1), "1.5", "a whole number of at least 0"),
        (lambda: env.env_int("SETTING", 1, least=1), "0", "at least 1"),
        (lambda: env.env_float("SETTING", 1), "-1", "a number of at least 0"),
        (lambda: env.env_float("SETTING", 1), "nan", "a number of at least 0"),
        (lambda: env.env_float("SETTING", 1), "inf", "a number of at least 0"),
        (lambda: env.env_choice("SETTING", "fr", ("fr", "en")), "de", "one of fr, en"),
        (lambda: env.env_url("SETTING"), "example.com", "starts with https:// or http://"),
        (lambda: env.env_url("SETTING"), "https://[half", "starts with https:// or http://"),
        (lambda: env.env_secret_url("SETTING", schemes=("redis",)), "http://h", "starts with redis://"),
        (lambda: env.env_time_zone("SETTING", "UTC"), "Paris", "such as Europe/Paris"),
    ],
)
def test_nonsense_is_refused_with_a_sentence_that_names_the_variable(setting, read, value, advice):
    setting(value)
    with pytest.raises(ImproperlyConfigured, match="SETTING") as refused:
        read()
    assert advice in str(refused.value)


def test_a_secret_can_come_from_a_file(setting, tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    setting(str(tmp_path / "secret"), "SETTING_FILE")
    assert env.env_secret("SETTING") == "from the file"


def test_a_secret_given_twice_is_refused(setting, tmp_path):
    setting(str(tmp_path / "secret"), "SETTING_FILE")
    setting("value")
    with pytest.raises(ImproperlyConfigured, match="keep one"):
        env.env_secret("SETTING")


def test_a_secret_file_that_cannot_be_read_is_refused(setting, tmp_path):
    setting(str(tmp_path / "missing"), "SETTING_FILE")
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env.env_secret("SETTING")


def test_secrets_with_one_beginning_are_gathered(setting, tmp_path):
    (tmp_path / "key").write_text("k")
    setting(str(tmp_path / "key"), "GATHERED_API_KEY_FILE")
    setting("example.com", "GATHERED_DOMAIN")
    assert env.env_prefixed("GATHERED_") == {"API_KEY": "k", "DOMAIN": "example.com"}


def test_the_env_file_fills_in_what_the_environment_does_not_say(setting, monkeypatch, tmp_path):
    setting("environment", "SETTING_ONE")
    setting("to be restored", "SETTING_TWO")
    monkeypatch.delenv("SETTING_TWO")
    (tmp_path / ".env").write_text("# a remark\n\nSETTING_ONE=file\nSETTING_TWO='file'\n")
    env.read_file(tmp_path / ".env")
    assert (env.env_str("SETTING_ONE"), env.env_str("SETTING_TWO")) == ("environment", "file")


def test_every_module_of_settings_hears_the_env_file(tmp_path):
    said = {"SELLER_NAME": "Acme", "BACKUP_S3_BUCKET": "copies", "SIGNUP_RATE": "7/h", "STAFF_SESSION_HOURS": "3"}
    (tmp_path / "settings").write_text("".join(f"{name}={value}\n" for name, value in said.items()))
    names = "SELLER_NAME", "BACKUP_S3_BUCKET", "SIGNUP_RATE", "SESSION_COOKIE_AGE"
    asked = f"from eazynova_site import settings as s; print({', '.join(f's.{name}' for name in names)})"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        env={"ENV_FILE": str(tmp_path / "settings"), "VAR_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.split() == ["Acme", "copies", "7/h", str(3 * 3600)], done.stderr


def test_a_line_of_the_env_file_that_means_nothing_is_refused_by_its_number(tmp_path):
    (tmp_path / ".env").write_text("# a remark\nSETTING\n")
    with pytest.raises(ImproperlyConfigured, match="line 2: write NAME=value"):
        env.read_file(tmp_path / ".env")


def test_a_postgresql_address_becomes_a_database():
    database = database_from_url("postgres://us%40er:p%2Fw@db:5433/name?sslmode=require", folder=Path("/"))
    assert database["ENGINE"].endswith("postgresql")
    assert [database[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "us@er", "p/w", "db", "5433", "name",
    ]  # fmt: skip
    assert database["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize(("address", "path"), [("sqlite:///var/x.db", "var/x.db"), ("sqlite:////{folder}/y", "y")])
def test_a_sqlite_address_becomes_a_file_relative_to_the_project(tmp_path, address, path):
    database = database_from_url(address.format(folder=str(tmp_path).lstrip("/")), folder=tmp_path)
    assert database["NAME"] == str(tmp_path / path)


@pytest.mark.parametrize(
    "address", ["mysql://u:hush@h/name", "postgres://u:hush@h", "postgres://u:hush@h:port/name", "sqlite://hush/x"]
)
def test_a_database_that_cannot_be_is_refused_without_repeating_its_password(tmp_path, address):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        database_from_url(address, folder=tmp_path)
    assert "hush" not in str(refused.value)
