"""The audit log: what staff did, were refused and viewed; rows cannot be changed.

Rows are appended only (a trigger on each database) and chained by hashes: each covers its content
and the row before it. The web shell records every staff verb in the transaction of the verb.
"""

from crowdfund.kernel.audit.models import AuditEntry, AuditHead, audit_table
from crowdfund.kernel.audit.queries import (
    Filters,
    about,
    actions,
    all_of,
    entries,
    get,
    head,
    neighbours,
)
from crowdfund.kernel.audit.recording import Origin, denied, record, set_origin
from crowdfund.kernel.audit.rows import EntryRow
from crowdfund.kernel.audit.verifying import (
    MARKS,
    against_mark,
    begin_anew,
    periodic,
    problems,
    slice_again,
)

__all__ = [
    "MARKS",
    "AuditEntry",
    "AuditHead",
    "EntryRow",
    "Filters",
    "Origin",
    "about",
    "actions",
    "against_mark",
    "all_of",
    "audit_table",
    "begin_anew",
    "denied",
    "entries",
    "get",
    "head",
    "neighbours",
    "periodic",
    "problems",
    "record",
    "set_origin",
    "slice_again",
]
