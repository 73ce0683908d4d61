"""Running the service: is it well, what was set aside, which jobs failed, what a database holds.

Read first: `wellness.py` (pure: measurements and thresholds in, reasons out), then `readiness.py` which
measures, then `health_router.py`. `quarantine_service.py` releases what was set aside, `jobs.py` lists and
retries what failed, `inventory.py` says what a database holds, for backup and restore.
"""
