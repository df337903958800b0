"""What is raised where the environment does not say what is needed."""


class SettingsError(Exception):
    """The environment does not say what is needed; the message is one line and names the variable."""
