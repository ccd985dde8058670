"""The part of the settings that says what the web server takes in, and when a process of it begins anew."""

from eazynova_site.env import env_int

WEB_CONCURRENCY = env_int("WEB_CONCURRENCY", 1, least=1)
WEB_RECEIVE_SECONDS = env_int("WEB_RECEIVE_SECONDS", 30, least=1)
WEB_GROWTH_MEGABYTES = env_int("WEB_GROWTH_MEGABYTES", 200)
# serving.limits has the limits by path, which are smaller or the same
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# no page asks for a file: what is sent all the same is read by nobody and written nowhere
FILE_UPLOAD_HANDLERS: list[str] = []
