"""History: the series of the live exporter as functions of time, for the time before it ran.

calendar    at which moments there are samples, and which slice of files they belong to
curve       one counter series
history     all series of one organization, bucket by bucket (pure)
reader      the Admin API in order of time
organization  one organization: its reader, its history, and what the exporter's own state says of both
journal     what a broken run goes on from
openmetrics, remote_write, protobuf  where samples go
run         slice by slice, until it is done
"""
