"""The quick test pipeline: the only place with TensorFlow, in an environment and an image of its own."""
