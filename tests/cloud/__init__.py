"""Google Cloud on this machine: official emulators where there are some, stand-ins that speak the wire where not."""
