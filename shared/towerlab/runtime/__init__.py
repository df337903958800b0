"""What every service shares to run: settings, wiring, records, the push endpoint, guards, problems and logs."""
