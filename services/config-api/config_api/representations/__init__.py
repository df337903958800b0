"""What answers look like: the field names of the API, made from records."""
