"""What the stand-in Railway refuses."""


class Refusal(Exception):
    """A business error, answered as Railway does: HTTP 200 with ``errors``.

    Railway uses INTERNAL_SERVER_ERROR for most of them; the message says which it is.
    """

    def __init__(self, message: str, code: str = "INTERNAL_SERVER_ERROR") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


NOT_AUTHORIZED = "Not Authorized"


class NotAuthorized(Refusal):
    """A bad token, a missing right, or an object that is unknown or deleted: Railway does not say which."""

    def __init__(self) -> None:
        super().__init__(NOT_AUTHORIZED)
