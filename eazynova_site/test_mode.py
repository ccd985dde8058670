"""The part of the settings that says where partners try things out: a sandbox of our own, which costs nothing."""

from eazynova_site.env import env_int, env_url

TEST_MODE_URL = env_url("TEST_MODE_URL", "")
TEST_MODE_INSTANCES = env_int("TEST_MODE_INSTANCES", 10, least=1)
TEST_MODE_DAYS = env_int("TEST_MODE_DAYS", 14, least=1)
