"""What requests may say: unknown fields are faults, and all faults are told at once."""
