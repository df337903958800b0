"""One file per transform: what it takes, what comes out, and how it is written in the generated module."""
