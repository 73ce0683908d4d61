"""Visits to key persons and key places (走访): who is due, who went, what counts. The domain to read first."""
