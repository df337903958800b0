"""What a feature config is, given the transforms: its checks, dimensions, hash and defaults."""
