"""Changes of a config that a dataset's statistics speak for, a file for each kind of them."""
