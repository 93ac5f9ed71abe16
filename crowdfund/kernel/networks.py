"""The addresses that a visitor has: alone, and together with a network; pure."""

import ipaddress


def visitor(ip: str) -> str:
    """Return the addresses of one visitor: the IPv4 address, or the /64 of an IPv6 address.

    An IPv4 address written as IPv6 counts as IPv4. "" for what is no address.
    """
    return _part(ip, 32, 64).removesuffix("/32")


def network(ip: str) -> str:
    """Return the network of an address, /24 or /48: enough to recognise, not to locate."""
    return _part(ip, 24, 48)


def _part(ip: str, v4: int, v6: int) -> str:
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = v4 if parsed.version == 4 else v6
    return str(ipaddress.ip_network((parsed, bits), strict=False))
