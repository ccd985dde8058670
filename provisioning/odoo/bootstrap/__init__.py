"""Runs inside the container as its first process: makes one Odoo 19 database the customer's, then serves it.

Carried there as a zip application, so it uses only the standard library (Python 3.10) and the psycopg2 of Odoo itself.
It may be killed at any moment and started again: a half-made database is dropped, never resumed, and Odoo listens only
when the customer's login has replaced the default one.

    PROV_DB                   database, [a-z][a-z0-9_]{2,62}
    PROV_ADMIN_LOGIN          login and e-mail of the administrator
    PROV_ADMIN_PASSWORD_HASH  its passlib pbkdf2_sha512 hash
    PROV_ADMIN_NAME           (the login)
    PROV_COMPANY_NAME
    PROV_COUNTRY              two letters of ISO 3166 (none)
    PROV_LANG                 Odoo language codes, the first is the default (en_US)
    PROV_TZ                   tz database name (none)
    PROV_BASE_URL             public address (Odoo then guesses it)
    PROV_MODULES              modules to install beside base (none)
    PROV_ADDONS_PATH          further folders of add-ons in the image (those of the image's configuration)
    PROV_ODOO_BIN             the odoo program (looked for)
    PROV_MEM_MB               memory for Odoo, MiB (1024)
    PROV_WAIT, PROV_WATCH     seconds: to wait for PostgreSQL (300), between looks at it later (2)
    PROV_AGENT_URL, PROV_AGENT_TOKEN  whom the agent beside Odoo calls, and how it is recognised (no agent)
    PROV_AGENT_PAUSE          seconds: before the agent's first call, and before it is started again (60)
    PROV_RESTORE              id of a restoration, done once before Odoo listens; what it is, the agent's door tells
    PROV_RESTORE_UNDO         the same id, when what it replaced shall come back, or a seed shall go again
    PROV_SEED                 id of a restoration that a new database begins with; what fails of it is installed
    PROV_DATABASE_SECRET      what PostgreSQL's passwords are made from (PGPASSWORD)
    PGUSER PGPASSWORD         PostgreSQL's administrator, and the password that it was made with
    PGHOST PGPORT, PORT (8069), ODOO_DATA_DIR (/var/lib/odoo), ODOO_ADMIN_PASSWD

Exit status: 0 stopped when asked, 1 try again later, 2 a setting is wrong, 3 a person must look; else that of Odoo.
"""
