"""What the product is about, in plain values: no I/O, no clock, no framework, no TensorFlow."""
