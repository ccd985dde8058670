"""The part of the settings that says how much anybody may ask for; tenants/limits/policies.py says what each counts."""

from eazynova_site.env import env_int, env_rate

API_VISITOR_RATE = env_rate("API_VISITOR_RATE", "300/m")
API_KEY_RATE = env_rate("API_KEY_RATE", "600/m")
GUESS_RATE = env_rate("GUESS_RATE", "30/m")
SIGNUP_RATE = env_rate("SIGNUP_RATE", "5/h")
SIGNUP_NETWORK_RATE = env_rate("SIGNUP_NETWORK_RATE", "30/d")
SIGNUP_RECIPIENT_RATE = env_rate("SIGNUP_RECIPIENT_RATE", "3/d")
SIGNUP_TOTAL_RATE = env_rate("SIGNUP_TOTAL_RATE", "200/d")
ORDER_PARTNER_RATE = env_rate("ORDER_PARTNER_RATE", "200/d")
MAIL_RECIPIENT_RATE = env_rate("MAIL_RECIPIENT_RATE", "20/d")
MAIL_TOTAL_RATE = env_rate("MAIL_TOTAL_RATE", "1000/d")
MAIL_PARTNER_RATE = env_rate("MAIL_PARTNER_RATE", "300/d")
RESEND_RATE = env_rate("RESEND_RATE", "1/5m")
EXPORT_RATE = env_rate("EXPORT_RATE", "60/h")
LOGIN_RATE = env_rate("LOGIN_RATE", "30/h")
LOGIN_NETWORK_RATE = env_rate("LOGIN_NETWORK_RATE", "100/h")
LOGIN_ACCOUNT_RATE = env_rate("LOGIN_ACCOUNT_RATE", "50/h")
WEBHOOK_TEST_RATE = env_rate("WEBHOOK_TEST_RATE", "30/h")
WEBHOOK_REPLAY_RATE = env_rate("WEBHOOK_REPLAY_RATE", "10/h")
WEBHOOKS_AT_ONCE_PER_ENDPOINT = env_int("WEBHOOKS_AT_ONCE_PER_ENDPOINT", 2, least=1)
WEBHOOKS_AT_ONCE_PER_PARTNER = env_int("WEBHOOKS_AT_ONCE_PER_PARTNER", 3, least=1)
