import subprocess
import sys
import unittest

from agent import greet


class Agent(unittest.TestCase):
    def test_greets_whom_the_message_names(self):
        self.assertEqual(greet('{"name": "world"}'), "hello world")

    def test_rejects_a_message_without_a_name(self):
        ended = subprocess.run([sys.executable, "agent.py"], input="{}", text=True, capture_output=True, check=False)
        self.assertEqual(ended.returncode, 65)
        self.assertIn("the body has no name", ended.stderr)


if __name__ == "__main__":
    unittest.main()
