"""Events between services: what they are called, what they carry, how they travel."""
