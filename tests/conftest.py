"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines that run tests are shared and slow at times: how long one example takes says nothing.
settings.register_profile("graphinv", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("graphinv")
