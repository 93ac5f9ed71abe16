"""Print the folder that holds npm and node: of PATH, else of a wheel that is installed now."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crowdfund.local import anvil
from crowdfund.local.errors import StackError

if __name__ == "__main__":
    try:
        print(anvil.npm_folder())
    except StackError as error:
        sys.exit(str(error))
