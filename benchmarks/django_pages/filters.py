"""The shared filters as a Django template library."""

from django import template

from benchmarks.words import FILTERS

register = template.Library()
for _name, _function in FILTERS.items():
    register.filter(_name, _function)
