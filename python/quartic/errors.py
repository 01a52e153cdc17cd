"""The exceptions that quartic raises."""


class Error(RuntimeError):
    """Anything quartic refuses or fails at. `hint`, where there is one, names the remedy; `code` is the exit
    code that the command line gives for the same error."""

    def __init__(self, message: str, hint: str = "", code: int = 1):
        super().__init__(f"{message} ({hint})" if hint else message)
        self.hint = hint
        self.code = code


class BadInput(Error, ValueError):
    """A file, an argument or a physical parameter that cannot be."""

    def __init__(self, message: str, hint: str = "", code: int = 3):
        super().__init__(message, hint, code)


class Diverged(Error):
    """A run that left the region where its numbers mean something."""

    def __init__(self, message: str, hint: str = "", code: int = 4):
        super().__init__(message, hint, code)
