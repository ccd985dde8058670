"""The settings: everything comes from the environment, and `.env.example` documents every name."""

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from kombu import Queue

from eazynova_site.api import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.backups import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.console import UNFOLD  # noqa: F401  a setting, in a file of its own
from eazynova_site.database import database_from_url
from eazynova_site.domains import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.env import (
    env_bool,
    env_choice,
    env_days,
    env_float,
    env_int,
    env_list,
    env_prefixed,
    env_secret,
    env_secret_url,
    env_str,
    env_time_zone,
    env_url,
    env_workspace,
    kept_secret,
)
from eazynova_site.limits import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.logging import logging_config
from eazynova_site.receiving import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.selling import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.sign_in import *  # noqa: F403  settings too, in a file of their own
from eazynova_site.test_mode import *  # noqa: F403  settings too, in a file of their own

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / (env_str("VAR_DIR") or "var")

SECRET_KEY_CONFIGURED = bool(env_secret("SECRET_KEY"))
# who gives a secret key is on the way to production and must say so to get a page of debugging
DEBUG = env_bool("DEBUG", not SECRET_KEY_CONFIGURED)
SECRET_KEY = env_secret("SECRET_KEY") or (kept_secret(VAR_DIR / "secret_key") if DEBUG else "not-configured")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
PUBLIC_BASE_URL = env_url("PUBLIC_BASE_URL", "http://127.0.0.1:8000" if DEBUG else "")
ADMIN_PATH = env_str("ADMIN_PATH", "admin").strip("/") + "/"
TRUSTED_PROXY_HOPS = env_int("TRUSTED_PROXY_HOPS", 0)
SANDBOX = env_bool("SANDBOX", False)
ALIVE_FILE = env_str("ALIVE_FILE")

INSTALLED_APPS = [
    "eazynova_site",
    "unfold.apps.BasicAppConfig",
    "eazynova_site.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "anymail",
    "provisioning",
    "tenants",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "tenants.web.middleware.PageHeaders",
    "tenants.api.middleware.ApiMiddleware",
    "eazynova_site.serving.middleware.AccessLines",
    "eazynova_site.serving.middleware.BodyLimits",
    "tenants.web.readable.Readable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "eazynova_site.debugging.NotFoundIsAPage",
]

DEFAULT_EXCEPTION_REPORTER = "eazynova_site.debugging.Reporter"
ROOT_URLCONF = "eazynova_site.urls"
WSGI_APPLICATION = "eazynova_site.wsgi.application"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.web.help.help_address",
                "tenants.web.selling.selling",
            ],
        },
    },
]

# Storage: the database is the schedule, Redis only the doorbell
DATABASES = {
    "default": database_from_url(
        env_secret("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'eazynova.sqlite3'}", folder=BASE_DIR
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env_secret_url("REDIS_URL", schemes=("redis", "rediss", "unix"))
_redis_cache = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": REDIS_URL,
    "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
}
CACHES = {
    "default": _redis_cache
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(VAR_DIR / "cache")},
}
CELERY_BEAT_SCHEDULER = "eazynova_site.beat:Scheduler"
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# a partner's slow endpoint must never keep a customer waiting: give this queue a worker of its own, see Procfile
CELERY_TASK_QUEUES = [Queue("celery"), Queue("webhooks")]
CELERY_TASK_ROUTES = {"tenants.tasks.deliver_webhook": {"queue": "webhooks"}}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",
    # 0 and the values of provisioning.doorbell.Priority
    "priority_steps": [0, 3, 4, 5, 6, 7],
    "sep": ":",
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
    # a request that rings the bell must not wait for a broker that is away
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False

# Secrets and sign-in
ENCRYPTION_KEYS_CONFIGURED = bool(env_secret("ENCRYPTION_KEYS"))
ENCRYPTION_KEYS = [key.strip() for key in env_secret("ENCRYPTION_KEYS").split(",") if key.strip()] or (
    [urlsafe_b64encode(hashlib.sha256(SECRET_KEY.encode()).digest()).decode()] if DEBUG else []
)
# by default demanded where the site is real; else of those who have set it up
ADMIN_REQUIRE_2FA = env_bool("ADMIN_REQUIRE_2FA", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
# the prefix keeps cookies of neighbouring hosts out
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (
    ("sessionid", "csrftoken") if DEBUG else ("__Host-sessionid", "__Host-csrftoken")
)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
# HSTS for subdomains and preloading would bind neighbours that are not ours to bind
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_HOPS else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL.startswith("https://") else []

# Words, time, files
LANGUAGE_CODE = env_choice("LANGUAGE_CODE", "fr", ("fr", "en"))
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "eazynova_site" / "locale"]
TIME_ZONE = env_time_zone("TIME_ZONE", "Europe/Paris")
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_COLLECTED = (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
# WhiteNoise's default, told here since it would ask settings.DEBUG, which Django's test runner turns off: each client
# of the tests would list every file anew
WHITENOISE_AUTOREFRESH = DEBUG
STATICFILES_DIRS = [BASE_DIR / "eazynova_site" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "eazynova_site.static_files.CollectedFiles"
    },
}

# API, and what machines ask
METRICS_TOKEN = env_secret("METRICS_TOKEN")
PUBLIC_SIGNUP = env_bool("PUBLIC_SIGNUP", True)
SIGNUP_MIN_SECONDS = env_float("SIGNUP_MIN_SECONDS", 2)
CONFIRM_EMAIL = env_bool("CONFIRM_EMAIL", False)
CONFIRMATION_HOURS = env_int("CONFIRMATION_HOURS", 24, least=1)
CREDENTIALS_RETENTION_DAYS = env_int("CREDENTIALS_RETENTION_DAYS", 7, least=1)
TURNSTILE_SITE_KEY = env_str("TURNSTILE_SITE_KEY")
TURNSTILE_SECRET_KEY = env_secret("TURNSTILE_SECRET_KEY")
WEBHOOK_ALLOW_LOOPBACK = env_bool("WEBHOOK_ALLOW_LOOPBACK", DEBUG)

# The end
EXPIRY_REMINDER_DAYS = env_days("EXPIRY_REMINDER_DAYS", "7,1")
EXPIRY_GRACE_DAYS = env_int("EXPIRY_GRACE_DAYS", 7, least=1)
DECOMMISSION_GRACE_DAYS = env_int("DECOMMISSION_GRACE_DAYS", 7, least=1)

# Mail
EMAIL_BACKEND = env_str("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = env_str("EMAIL_FILE_PATH", str(VAR_DIR / "mail"))
EMAIL_HOST = env_str("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 587, least=1)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "EAZYNOVA <bonjour@localhost>")
STAFF_ALERT_EMAILS = env_list("STAFF_ALERT_EMAILS")
ALERT_WEBHOOK_URL = env_secret_url("ALERT_WEBHOOK_URL", schemes=("https", "http"))
PROBE_INTERVAL_MINUTES = env_float("PROBE_INTERVAL_MINUTES", 15, least=1)
PROBES_A_MINUTE = env_int("PROBES_A_MINUTE", 20)
PROBE_FAILURES = env_int("PROBE_FAILURES", 3, least=1)
PROBE_WINDOW = env_int("PROBE_WINDOW", 5, least=1)
ALERT_REMINDER_HOURS = env_float("ALERT_REMINDER_HOURS", 24)
ANYMAIL = {
    "REQUESTS_TIMEOUT": (5, 20),
    "SEND_DEFAULTS": {"track_clicks": False, "track_opens": False},
    **env_prefixed("ANYMAIL_"),
}

# Railway
RAILWAY_API_URL = env_url("RAILWAY_API_URL", "https://backboard.railway.com/graphql/v2")
RAILWAY_API_TOKEN = env_secret("RAILWAY_API_TOKEN")
RAILWAY_WORKSPACE_ID = env_str("RAILWAY_WORKSPACE_ID")
RAILWAY_WORKSPACE_CAPACITY = env_int("RAILWAY_WORKSPACE_CAPACITY", 0)
RAILWAY_WORKSPACES = {name: env_workspace(f"RAILWAY_WORKSPACE_{name}") for name in env_list("RAILWAY_WORKSPACES")}
RAILWAY_REQUESTS_PER_SECOND = env_float("RAILWAY_REQUESTS_PER_SECOND", 20)
RAILWAY_REQUESTS_PER_HOUR = env_int("RAILWAY_REQUESTS_PER_HOUR", 10_000)
RAILWAY_POLL_SECONDS = env_float("RAILWAY_POLL_SECONDS", 10, least=0.05)
# of a volume, by Railway's plan (docs.railway.com/volumes/reference): 5 on Hobby, 50 on Pro
RAILWAY_VOLUME_GB = env_float("RAILWAY_VOLUME_GB", 50, least=0.5)
RAILWAY_PROJECT_INTERVAL_SECONDS = env_float("RAILWAY_PROJECT_INTERVAL_SECONDS", 31)
RAILWAY_VOLUME_INTERVAL_SECONDS = env_float("RAILWAY_VOLUME_INTERVAL_SECONDS", 15)
RAILWAY_SETTLE_SECONDS = env_float("RAILWAY_SETTLE_SECONDS", 120)
RAILWAY_OUTAGE_REFUSALS = env_int("RAILWAY_OUTAGE_REFUSALS", 3, least=1)
RAILWAY_OUTAGE_PROBE_SECONDS = env_float("RAILWAY_OUTAGE_PROBE_SECONDS", 15, least=1)
RAILWAY_OUTAGE_LONGEST_PROBE_SECONDS = env_float("RAILWAY_OUTAGE_LONGEST_PROBE_SECONDS", 120, least=1)
RAILWAY_WEBHOOK_SECRET = env_secret("RAILWAY_WEBHOOK_SECRET")
RECONCILE_APPLY = env_bool("RECONCILE_APPLY", False)
RECONCILE_OLDER_THAN_HOURS = env_float("RECONCILE_OLDER_THAN_HOURS", 24, least=1)
RECONCILE_MAX = env_int("RECONCILE_MAX", 5, least=1)
RECONCILE_MAX_PERCENT = env_float("RECONCILE_MAX_PERCENT", 10)
INSTANCE_URL_SCHEME = env_choice("INSTANCE_URL_SCHEME", "https", ("https", "http"))

SENTRY_DSN = env_secret_url("SENTRY_DSN", schemes=("https", "http"))
# what no log line and no report may hold
LOGGED_SECRETS = [
    *(RAILWAY_API_TOKEN, RAILWAY_WEBHOOK_SECRET, METRICS_TOKEN, ALERT_WEBHOOK_URL, TURNSTILE_SECRET_KEY),
    *(BACKUP_S3_SECRET_ACCESS_KEY, *SITE_BACKUP_KEYS),  # noqa: F405
    *(SECRET_KEY, *ENCRYPTION_KEYS, EMAIL_HOST_PASSWORD, *env_prefixed("ANYMAIL_").values()),
    *(DATABASES["default"].get("PASSWORD", ""), urlsplit(REDIS_URL).password or ""),
    *(str(workspace["token"]) for workspace in RAILWAY_WORKSPACES.values()),
]
LOGGING = logging_config(
    debug=DEBUG,
    form=env_choice("LOG_FORMAT", "text" if DEBUG else "json", ("text", "json")),
    level=env_choice("LOG_LEVEL", "WARNING" if DEBUG else "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    secrets=LOGGED_SECRETS,
)
