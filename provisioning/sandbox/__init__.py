"""The sandbox: a stand-in for Railway and for the Odoos deployed there, real enough to be used instead of them."""

from provisioning.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
