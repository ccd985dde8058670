"""The sandbox: a stand-in for Railway and for the Odoos deployed there, real enough to be used instead of them.

Reached by its own command and by tests alone. It must not know Django or how we ask: it answers as the real ones do.
Of ours only the agent runs in it, since the containers carry that very code.
"""

from provisioning.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
