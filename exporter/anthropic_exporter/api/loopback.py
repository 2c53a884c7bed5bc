"""Which hosts are this machine: a key may go there in the clear, and no proxy stands in between."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Tell by the name alone; of names only ``localhost``, for any other could be looked up elsewhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
