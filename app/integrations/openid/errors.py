"""What can go wrong with a provider. The texts are for the log, and hold no secret."""


class ProviderError(Exception):
    """The provider can't tell who it is."""


class ProviderDown(ProviderError):
    """It doesn't answer, is slow, or says that it has troubles of its own."""


class BadAnswer(ProviderError):
    """It answered, and what it said doesn't hold."""


class Declined(ProviderError):
    """It says no: the person didn't agree, or the provider doesn't let them."""
