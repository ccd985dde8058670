"""The part of the settings that says how staff sign in, are locked out, and stay signed in."""

from eazynova_site.env import env_float

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
# so that the moment which the page tells stays true
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "tenants.sign_in.pages.locked_out"
AXES_CLIENT_IP_CALLABLE = "tenants.sign_in.news.address_of"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "offer", "csrfmiddlewaretoken"]
# its tables would be pages that only a shell's user understands; superusers unlock on the page of the account
AXES_ENABLE_ADMIN = False
# the audit trail has the sign-ins
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True

# where a sign-in leads that named no page of ours
LOGIN_REDIRECT_URL = "admin:index"

# only staff have sessions
SESSION_COOKIE_AGE = int(env_float("STAFF_SESSION_HOURS", 10, least=0.25) * 3600)
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
