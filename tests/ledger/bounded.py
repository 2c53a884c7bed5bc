"""How long properties of the core are searched: the whole suite runs on two cores in minutes."""

from hypothesis import HealthCheck, settings

quick = settings(max_examples=100, deadline=None)
long = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
