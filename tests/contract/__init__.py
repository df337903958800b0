"""One class per port; every adapter's test class subclasses it and says how to make the adapter."""
