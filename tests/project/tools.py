"""The programs of tools/, loaded from their files: the folder is no package."""

import importlib.util
import sys

from crowdfund.local.environment import ROOT


def load(name):
    """Return the module of tools/<name>.py."""
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
