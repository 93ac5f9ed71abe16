"""Commands of the local stack: `flask doctor`, `flask seed-demo`, `flask vendor check`."""

from crowdfund.local.doctor import doctor
from crowdfund.local.story.command import seed_demo
from crowdfund.local.vendor_cli import vendor_cli

commands = [doctor, seed_demo, vendor_cli]
