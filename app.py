"""WSGI entry: `flask --app app`, gunicorn `app:app`, granian `app:app`."""

from crowdfund import create_app

app = create_app()
