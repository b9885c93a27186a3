"""What the host of an address tells: whether it lies inside, and whether it means the same machine for everybody who reads it."""

from __future__ import annotations

import ipaddress

_INTERNAL_ENDINGS = (".internal", ".local", ".localhost", ".corp", ".lan", ".intranet", ".private", ".home.arpa", ".svc")
_HERE = frozenset({"localhost", "host.docker.internal", "host.containers.internal", "gateway.docker.internal"})


def is_here(host: str) -> bool:
    """Whether ``host`` means a different machine depending on where it is read: loopback, or a name without a domain.

    >>> is_here("localhost"), is_here("[::1]"), is_here("db"), is_here("10.0.0.7")
    (True, True, True, False)
    """
    host = host.lower().strip("[]")
    address = _ip(host)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    return host in _HERE or host.endswith(".localhost") or "." not in host


def is_internal(host: str) -> bool:
    """Whether ``host`` lies inside: here, a private address, or a name under a domain that is never public.

    >>> is_internal("mcp.acme.corp"), is_internal("192.168.1.4"), is_internal("mcp.example.com")
    (True, True, False)
    """
    host = host.lower().strip("[]")
    address = _ip(host)
    if address is not None:
        return address.is_private or address.is_loopback or address.is_link_local
    return is_here(host) or host.endswith(_INTERNAL_ENDINGS)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
