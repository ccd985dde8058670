from tests.tenants.api.conftest import alice, as_alice, as_bob, bob, ready, visitor

__all__ = ["alice", "as_alice", "as_bob", "bob", "ready", "visitor"]
