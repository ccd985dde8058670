"""Where no partner's server can be: a list of our own, because an interpreter's ``is_global`` changes with its version.

Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890 and what clouds answer from for their guests.
"""

from ipaddress import IPv4Address, IPv6Address, ip_network

IPV4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared behind carriers' NAT; also Alibaba's metadata and Tailscale
        "127.0.0.0/8",  # this machine
        "168.63.129.16/32",  # Azure's platform, from inside its machines
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata at .192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# all that IANA has given out as global unicast; site-local, unique local, link-local, multicast and NAT64 lie outside
GLOBAL_IPV6 = ip_network("2000::/3")
IPV6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarks, AMT, ORCHID, DRIP
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether a server on the public internet may have this address; IPv4 in IPv6 clothes is judged as IPv4."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in IPV4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return address in GLOBAL_IPV6 and not any(address in network for network in IPV6)


def is_loopback(address: IPv4Address | IPv6Address) -> bool:
    """This machine itself, however it is written."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
