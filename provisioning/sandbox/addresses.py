"""Loopback addresses: one of its own for each domain, so that all stand-in Odoos can share one port number."""

import secrets

from provisioning.sandbox.store import Store

LAST = 254
ADDRESSES_A_BLOCK = LAST * LAST


class Addresses:
    """127.x.y.z with a random start, so that sandboxes side by side do not meet; never given twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        if "first_address" not in store.meta:
            store.remember(first_address=(1 + secrets.randbelow(LAST - 1)) * ADDRESSES_A_BLOCK, addresses=0)

    def take(self) -> str:
        address = self.next()
        self._store.remember(addresses=self._store.meta["addresses"] + 1)
        return address

    def next(self) -> str:
        """What `take` will give."""
        taken = self._store.meta["addresses"]
        block, rest = divmod(self._store.meta["first_address"] + taken, ADDRESSES_A_BLOCK)
        return f"127.{1 + (block - 1) % LAST}.{1 + rest // LAST}.{1 + rest % LAST}"
