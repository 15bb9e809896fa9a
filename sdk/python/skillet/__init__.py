"""Write Skillet skills in Python.

A skill is a file `skill.py` with one function:

    from skillet import Call, InvalidInput

    def run(input: dict, call: Call) -> dict:
        if not input["name"].strip():
            raise InvalidInput("the name is empty")
        return {"text": f"Hello, {input['name']}!"}

What the host lends are modules of this package: `from skillet import kv, http, log`. Only those that a
skill imports are in its component.
"""

from ._call import Call
from ._failure import Denied, Failed, Failure, InvalidInput, Unavailable
from ._json import parse_json

__all__ = ["Call", "Denied", "Failed", "Failure", "InvalidInput", "Unavailable", "parse_json"]
