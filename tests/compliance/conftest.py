"""A person with a file, the reviewers, and short words for both."""

import pytest

from crowdfund.compliance.queries import files
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files as files_service
from crowdfund.compliance.service import reviews, submissions
from crowdfund.documents import service as documents
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.people import queries
from tests import raising

ABOUT = {"legal_name": "Alice Bekele Tadesse", "born_on": "1990-05-01", "nationality": "ET"}
ADDRESS = {
    "street": "Bole Road 7",
    "city": "Addis Ababa",
    "region": "",
    "postal_code": "",
    "country": "ET",
}
IDENTITY = {"id_kind": "passport", "id_number": "EP 123-4567"}
FACTS = {"about": ABOUT, "address": ADDRESS, "identity": IDENTITY}


class Desk:
    """Words of a test about one person's verification; each is a transaction of its own."""

    def __init__(self):
        self.carla = raising.person("carla", "compliance")
        self.dawit = raising.person("dawit", "compliance")

    def facts(self, person_id, **changed):
        for step, values in FACTS.items():
            files_service.save_facts(person_id, step, {**values, **changed})
        commit()

    def upload(self, person_id, kind):
        # Examining is tested in tests/documents; it would cost each of these tests a process.
        examined = documents.Examined(kind, "photo.png", "image/png", raising.picture())
        document_id = files_service.attach(person_id, examined)
        commit()
        return document_id

    def complete(self, person_id, *more_kinds):
        """Give everything for the basic level, and the named documents."""
        self.facts(person_id)
        for kind in ("passport", *more_kinds):
            self.upload(person_id, kind)

    def submit(self, person_id):
        level = submissions.submit(person_id, actor=person_id)
        commit()
        return level

    def accept(self, person_id, document_id, *, until="2030-01-01", actor=None):
        reviews.decide_document(
            person_id, document_id, Decision(approve=True, until=until), actor=actor or self.carla
        )
        commit()

    def accept_all(self, person_id, *, until="2030-01-01", actor=None):
        rollback()
        for document in files.documents_of(person_id):
            if document.status == "pending":
                self.accept(person_id, document.id, until=until, actor=actor)

    def approve(self, person_id, *, actor=None, revision=None, only_basic=False):
        rollback()
        seen = files.revision(person_id) if revision is None else revision
        status = reviews.approve(
            person_id, actor=actor or self.carla, revision=seen, only_basic=only_basic
        )
        commit()
        return status

    def reject(self, person_id, reason="The photo is blurred.", *, actor=None):
        rollback()
        seen = files.revision(person_id)
        reviews.reject(person_id, actor=actor or self.carla, revision=seen, reason=reason)
        commit()

    def verify(self, person_id, *more_kinds, until="2030-01-01"):
        """Bring a person to the basic level, or to the enhanced one with its documents."""
        self.complete(person_id, *more_kinds)
        self.submit(person_id)
        self.accept_all(person_id, until=until)
        self.approve(person_id)
        if more_kinds:
            self.approve(person_id, actor=self.dawit)

    def standing(self, person_id):
        rollback()
        person = queries.get(person_id)
        return person.kyc_status, person.kyc_level

    def document(self, person_id, kind):
        rollback()
        return next(one for one in reversed(files.documents_of(person_id)) if one.kind == kind)

    def work(self):
        """Let the jobs run that wait."""
        rollback()
        outbox.drain_all()


@pytest.fixture
def desk(app, frozen):
    return Desk()


@pytest.fixture
def alice(desk):
    return raising.person("alice")
