"""What the `wangge` command does that no domain owns: running the service, its database, its contract."""
