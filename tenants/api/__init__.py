"""The REST API for partners: JSON in, JSON or problem+json out, keys, scopes, CORS, the OpenAPI description.

Called by partners' programs. It must not decide anything: it asks `services` and words the answer.
"""
