"""Who asks: a name for whoever shall not get more than a fair share."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

__all__ = ["client_of"]

_SUBSCRIBER = 64  # bits of an IPv6 address that are one subscriber's; the rest can be chosen freely


def client_of(request: HTTPConnection) -> str:
    """The address that a request comes from; of IPv6 its network (RFC 6177). Behind a proxy on this host, what the proxy says."""
    return _named(request.client.host if request.client else "")


@lru_cache(1024)
def _named(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, _SUBSCRIBER), strict=False))
