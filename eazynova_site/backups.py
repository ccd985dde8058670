"""The part of the settings that says where backups are kept: S3-compatible storage of another company than Railway."""

from eazynova_site.env import env_float, env_int, env_secret, env_str

BACKUP_S3_ENDPOINT = env_str("BACKUP_S3_ENDPOINT")
BACKUP_S3_REGION = env_str("BACKUP_S3_REGION", "fr-par")
BACKUP_S3_BUCKET = env_str("BACKUP_S3_BUCKET")
BACKUP_S3_ACCESS_KEY_ID = env_str("BACKUP_S3_ACCESS_KEY_ID")
BACKUP_S3_SECRET_ACCESS_KEY = env_secret("BACKUP_S3_SECRET_ACCESS_KEY")
BACKUP_LOCK_DAYS = env_int("BACKUP_LOCK_DAYS", 7)
BACKUP_FINAL_DAYS = env_int("BACKUP_FINAL_DAYS", 90, least=1)
BACKUP_INTERVAL_HOURS = env_float("BACKUP_INTERVAL_HOURS", 24, least=1)
SITE_BACKUP_KEYS = [key.strip() for key in env_secret("SITE_BACKUP_KEYS").split(",") if key.strip()]
SITE_BACKUP_INTERVAL_HOURS = env_float("SITE_BACKUP_INTERVAL_HOURS", 24, least=1)
