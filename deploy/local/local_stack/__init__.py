"""The whole product on one machine: every service a process of its own, supervised, on loopback."""
