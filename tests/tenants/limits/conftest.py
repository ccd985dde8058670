from tests.tenants.api.conftest import alice, as_alice, bob, ready, visitor

__all__ = ["alice", "as_alice", "bob", "ready", "visitor"]
