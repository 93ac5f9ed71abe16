"""The clock panel of the local stack: a page that shows and moves the time of an installation."""
