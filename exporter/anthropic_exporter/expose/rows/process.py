"""What prometheus-client tells about the process, under its own names."""

from anthropic_exporter.expose.family import Family

_EXPORTER = "exporter"

#: Source: prometheus-client, ProcessCollector (where there is a /proc) and PlatformCollector.
FAMILIES = (
    Family("process_cpu_seconds_total", "counter", "seconds", (), _EXPORTER, "CPU time of the process."),
    Family("process_max_fds", "gauge", "", (), _EXPORTER, "How many files the process may have open."),
    Family("process_open_fds", "gauge", "", (), _EXPORTER, "How many files the process has open."),
    Family("process_resident_memory_bytes", "gauge", "bytes", (), _EXPORTER, "Memory that the process holds."),
    Family("process_start_time_seconds", "gauge", "seconds", (), _EXPORTER, "When the process began."),
    Family("process_virtual_memory_bytes", "gauge", "bytes", (), _EXPORTER, "Address space of the process."),
    Family(
        "python_info",
        "gauge",
        "",
        ("version", "implementation", "major", "minor", "patchlevel"),
        _EXPORTER,
        "The Python that runs the exporter, always 1.",
    ),
)
