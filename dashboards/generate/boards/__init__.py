"""The dashboards as code: one module each, built from what ``config``, ``promql``, ``panels`` and ``page`` offer."""
