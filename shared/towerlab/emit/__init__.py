"""From a resolved config to the modules that TFX runs; user data enters them only as constants."""
