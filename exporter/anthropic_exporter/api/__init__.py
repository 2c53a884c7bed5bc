"""Talk to the Admin API: transport, pacing, retries, paging, decoding; both generations end here."""
