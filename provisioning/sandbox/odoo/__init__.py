"""The Odoos that the sandbox "deploys": each at an address of its own, with the answers of the real one."""
