"""python3 -m unittest test_uses"""

import tempfile
import unittest
from pathlib import Path

from uses import uses


def found(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return uses([Path(folder)])


class Interfaces(unittest.TestCase):
    def check(self, source, *interfaces):
        self.assertEqual(found({"skill.py": source})[0], list(interfaces), source)

    def test_every_way_to_import_a_module_is_seen(self):
        self.check("from skillet import Call, kv, log as lines", "kv", "log")
        self.check("from skillet.http import get", "http")
        self.check("import skillet.jobs", "jobs")
        self.check("import skillet\ndef run(i, c): skillet.llm.complete('x')", "llm")
        self.check("def run(i, c):\n  from skillet import memory", "memory")

    def test_what_is_not_imported_is_not_seen(self):
        self.check("from skillet import Call, Failure, parse_json")
        self.check("# from skillet import kv\ntext = 'from skillet import kv'")
        self.check("kv = {}\nkv.get('x')")

    def test_the_standard_library_asks_for_what_it_reaches(self):
        self.check("print('x')", "log")
        self.check("import random", "random")
        self.check("from uuid import uuid4", "random")
        self.check("import uuid\nuuid.uuid5(a, b)")
        self.check("import os\nos.urandom(4)", "random")
        self.check("import datetime\ndatetime.date.today()", "clock")
        self.check("from datetime import timedelta")
        self.check("order.now()")

    def test_imports_are_followed(self):
        files = {
            "skill.py": "from parts import one",
            "parts/__init__.py": "",
            "parts/one.py": "from . import two\nfrom .two import x",
            "parts/two.py": "from skillet import kv\nimport skill",
            "other.py": "from skillet import http",
            "test_skill.py": "from skillet import jobs",
        }
        interfaces, modules = found(files)
        self.assertEqual(interfaces, ["kv"])
        self.assertIn("parts.two", modules)
        self.assertNotIn("other", modules)

    def test_what_functions_import_late_is_loaded(self):
        _, modules = found({"skill.py": "import datetime\ndef run(i, c):\n  import colorsys\n  datetime.datetime.strptime(a, b)"})
        self.assertIn("colorsys", modules)
        self.assertIn("_strptime", modules)

    def test_a_file_that_does_not_parse_is_named(self):
        with self.assertRaisesRegex(SystemExit, "skill.py.*line 1"):
            found({"skill.py": "def run(:"})


if __name__ == "__main__":
    unittest.main()
