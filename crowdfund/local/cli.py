"""Commands of the local stack: `flask doctor`, `flask vendor check`, and the demo story where it is there."""

from crowdfund.local.doctor import doctor
from crowdfund.local.vendor_cli import vendor_cli

commands = [doctor, vendor_cli]
