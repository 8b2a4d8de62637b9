"""What people do at the desk, in words: as `muster people undo` and the key for it name an act."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from db.people import desk_users, pages
from db.records.privacy import AuditEntry
from monitor.text import plural

ACTS: Final[Mapping[str, str]] = {
    "add": "enrolling {whom}",
    "rename": "the renaming of {before} to {after}",
    "number": "the {number} of {who}",
    "group": "the {group} of {who}",
    "notes": "the notes on {who}",
    "consent": "the {kind} consent of {who}",
    "activate": "making {who} active",
    "deactivate": "the deactivation of {who}",
    "set pin": "the new PIN of {who}",
    "remove pin": "the removal of the PIN of {who}",
    "merge": "the merging of {source} into {who}",
    "erase": "an erasure",
    "name visitor": "the naming of a visitor as {who}",
    "discard visitor": "the discarding of {faces}",
    "add template": "more images of {who}",
    "delete template": "the {gone} of an image of {who}",
    "accept capture": "a picture from the door that was accepted for {who}",
    "reject capture": "a picture from the door that was rejected for {who}",
    "add check_in": "{entries} that {were} added for {whom}",
    "add check_out": "{entries} that {were} added for {whom}",
    "void": "voiding {entries} of {whom}",
    "correct": "the correction of {entries} of {whom}",
    "set aside": "a day of {who} that was set aside",
    "look again": "a day of {who} that is looked at again",
    "add shift": "a shift that was added{for_whom}{more}",
    "remove shift": "the removal of a shift{for_whom}{more}",
    "end shift": "the end of a shift{for_whom}{more}",
    "add holiday": "a public holiday that was added{more}",
    "remove holiday": "the removal of a public holiday{more}",
    "add leave": "a leave that was entered{for_whom}{more}",
    "remove leave": "the removal of a leave{for_whom}{more}",
    "add key": "the key {key}",
    "revoke key": "the end of the key {key}",
    "add kiosk key": "the key of the kiosk {key}",
    "revoke kiosk key": "the end of the key of the kiosk {key}",
    "set admin pin": "a new admin PIN",
    "remove admin pin": "the removal of the admin PIN",
    "change settings": "a change of settings",
    desk_users.ADDED: "the desk's PIN of {name}",
    desk_users.REMOVED: "the removal of {name} from the desk",
}
"""All that people do at the desk, by the audit log's word for it. Everything else that is in the audit log, such as an
opening or a backup, happens by itself or changes nothing: it is not an act."""
_OF_ONE_PERSON: Final = frozenset(
    {"rename", "number", "group", "notes", "consent", "activate", "deactivate", "set pin", "remove pin"}
)
"""Entries of which an act may have several, each said by itself."""
_LEADING: Final = frozenset({"name visitor", "delete template"})
"""Entries that say what an act is, also where it enrolled somebody as well."""


def words(session: Session, found: Sequence[AuditEntry]) -> str:
    """What was done, in words; of changes of one person each is named."""
    if len(found) > 1 and {one.action for one in found} <= _OF_ONE_PERSON:
        people = len({one.person for one in found})
        if people > 1:
            return f"the {'consents' if {one.action for one in found} == {'consent'} else 'changes'} of {people} people"
        *others, last = (words(session, [one]) for one in reversed(found))
        return f"{', '.join(others)} and {last}"
    names = pages.names(session, [one.person for one in found if one.person])
    first = next((one for one in found if one.action in _LEADING), found[-1])
    who = names.get(first.person, "somebody who is gone") if first.person else ""
    alone, after = len(found) == 1, first.detail.get("after")
    return ACTS[first.action].format(
        **{name: first.detail.get(name) for name in ("before", "after", "kind", "source", "key", "name")},
        **{name: f"{name} {after}" if after else f"removal of the {name}" for name in ("number", "group")},
        who=who,
        whom=who if len(names) < 2 else f"{len(names)} people",
        for_whom=f" for {who}" if who else "",
        more="" if alone or len({one.action for one in found}) > 1 else f" and {len(found) - 1} more",
        entries="an entry" if alone else plural(len(found), "entry", "entries"),
        were="was" if alone else "were",
        faces=plural(len(found), "face"),
        gone="move" if first.detail.get("moved") else "deletion",
    )
