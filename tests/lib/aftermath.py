# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What a daemon that was killed, or lost its power, has left in its state directory, held
# against what it had confirmed and sent by then (I3, I4, I5).
import contextlib
import sqlite3

from rig import verify_journal


def journal(state):
    """The journal read-only, closed at the end of the block."""
    return contextlib.closing(sqlite3.connect(f"file:{state}/journal.db?mode=ro", uri=True,
                                              timeout=10))


def check_journal(state, confirmed):
    """The chain holds, no hole, every confirmed acknowledge is there once, every fire has
    its notice. Returns the number of events."""
    verify_journal(f"{state}/journal.db")
    with journal(state) as db:
        seqs = [r[0] for r in db.execute("SELECT seq FROM event ORDER BY seq")]
        assert seqs == list(range(1, len(seqs) + 1)), "the sequence has a hole (I4)"
        acknowledged = dict(db.execute(
            "SELECT occurrence_id, count(*) FROM event WHERE kind = 'alarm.acknowledge'"
            " GROUP BY 1"))
        for occurrence in confirmed:
            assert acknowledged.get(occurrence) == 1, \
                f"a confirmed acknowledge of {occurrence} is gone, or twice (I3)"
        owed = db.execute(
            "SELECT o.occurrence_id FROM event o WHERE o.kind = 'alarm.onset' AND"
            " o.class = 'fire' AND NOT EXISTS (SELECT 1 FROM outbox b"
            " WHERE b.subject_occurrence_id = o.occurrence_id)").fetchall()
        assert not owed, f"fires without their outbox row (I5): {owed[:5]}"
    return len(seqs)


def check_notices(state, posts, all_sent=True):
    """`posts`, in the order they came: what went out twice is marked, and what is said to
    be delivered was. Where `all_sent`, nothing is owed. Returns how often one came again."""
    sent = {}
    for post in posts:
        sent.setdefault(post["id"], []).append(post["repeated"])
    for notice, marks in sent.items():
        assert marks.count(False) <= 1, f"{notice} was repeated without a mark (I5)"
    with journal(state) as db:
        for notice, now in db.execute("SELECT id, state FROM outbox"):
            assert now != "delivered" or notice in sent, \
                f"{notice} is said to be delivered and was not"
            assert not all_sent or now in ("delivered", "cancelled"), (notice, now)
    return sum(len(marks) - 1 for marks in sent.values())
