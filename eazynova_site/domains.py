"""The part of the settings that is about the customers' own domains."""

from eazynova_site.env import env_int, env_str

# in the sandbox alone: "127.0.0.1:5300", where it plays the DNS
DNS_SANDBOX = env_str("DNS_SANDBOX")
DOMAINS_PER_INSTANCE = env_int("DOMAINS_PER_INSTANCE", 3, least=1)
