"""Commands of an installation: `flask clock`, `doctor`, `grants`, `seed-demo`, `vendor`."""

from crowdfund.local.clock_cli import clock_cli
from crowdfund.local.doctor import doctor
from crowdfund.local.grants_cli import grants
from crowdfund.local.story.command import seed_demo
from crowdfund.local.vendor_cli import vendor_cli

commands = [clock_cli, doctor, grants, seed_demo, vendor_cli]
