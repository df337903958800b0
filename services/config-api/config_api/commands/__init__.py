"""What can be asked for: read freely, decide purely, one commit of state and events."""
