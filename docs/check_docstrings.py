"""Holds the docstrings of everything public against numpydoc's rules."""

import inspect
import sys
from typing import Any

import python_objects
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import Validator, validate

# Not asked for: where the quotes stand (ruff formats them), and sections that only some need.
LEFT_OUT = {"GL01", "GL02", "GL03", "ES01", "SA01", "EX01"}


class Documented(Validator):
    """A public object by its name in quartic."""

    objects: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, obj_name: str):
        thing = Documented.objects[obj_name]
        plain = getattr(thing, "func", thing)  # of a cached_property
        super().__init__(get_doc_object(plain, config={"show_class_members": False}))
        self._name, self._is_property = obj_name, not callable(thing)

    @property
    def name(self) -> str:
        return self._name

    @property
    def signature_parameters(self) -> tuple[str, ...]:
        """What a user gives; results are made by quartic alone."""
        made = inspect.isclass(self.obj) and (
            issubclass(self.obj, tuple | BaseException) or self.obj.__name__.endswith(("Result", "Judgement"))
        )
        return () if made else super().signature_parameters

    @property
    def method_returns_something(self) -> bool:
        """By the annotation: functions of C++ have no source to look into."""
        returned = getattr(self.obj, "__annotations__", {}).get("return")
        return not (self._is_property or self.is_generator_function) and returned not in (None, "None")


def main() -> int:
    python_objects.make_readable()
    Documented.objects = {f"quartic.{name}": thing for name, thing in python_objects.public()}
    faults = 0
    for name in Documented.objects:
        for code, message in validate(name, validator_cls=Documented)["errors"]:
            if code not in LEFT_OUT:
                faults += 1
                print(f"{name}: {code} {message}")
    print(f"docstrings: {len(Documented.objects)} public names, {faults or 'no'} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
