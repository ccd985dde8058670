"""The part of the settings that says how much anybody may ask for."""

from eazynova_site.env import env_int, env_rate

SIGNUP_RATE = env_rate("SIGNUP_RATE", "5/h")
API_VISITOR_RATE = env_rate("API_VISITOR_RATE", "300/m")
API_KEY_RATE = env_rate("API_KEY_RATE", "600/m")
WEBHOOKS_AT_ONCE_PER_ENDPOINT = env_int("WEBHOOKS_AT_ONCE_PER_ENDPOINT", 2, least=1)
WEBHOOKS_AT_ONCE_PER_PARTNER = env_int("WEBHOOKS_AT_ONCE_PER_PARTNER", 3, least=1)
