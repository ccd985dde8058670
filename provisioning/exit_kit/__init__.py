"""The exit kit: the few files with which a customer runs the same Odoo elsewhere, beside a backup that they fetch.

The use case of an export calls it. It must not know rows, people, our storage or any secret: only what was frozen of an
instance and what is known of its backup.
"""
