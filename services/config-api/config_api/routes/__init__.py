"""HTTP in, one command or one reading, a representation out."""
