"""What can go wrong with one webhook.

HookUnreachable (Temporary)   no usable answer came; the other side may have heard it all the same
AddressRefused (Permanent)    the address is not one that we send to
"""

from provisioning.errors import Permanent, Temporary


class HookUnreachable(Temporary):
    code = "hook_unreachable"


class AddressRefused(Permanent):
    code = "hook_address_refused"
