"""What was done at the desk, in words: as `muster people undo` and the key for it name an act."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from db.people import desk_users, pages
from db.records.privacy import AuditEntry
from monitor.desk.people.undo_calendar import CALENDAR, WORDS
from monitor.text import plural

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
    actions = {one.action for one in found}
    entries, of_whom = "an entry", who
    if len(found) > 1:
        entries, of_whom = plural(len(found), "entry", "entries"), who if len(names) < 2 else f"{len(names)} people"
    added = f"{entries} that {'was' if len(found) == 1 else 'were'} added for {of_whom}"
    before, after = first.detail.get("before"), first.detail.get("after")
    told = {
        "rename": f"the renaming of {before} to {after}",
        "number": f"the {f'number {after}' if after else 'removal of the number'} of {who}",
        "group": f"the {f'group {after}' if after else 'removal of the group'} of {who}",
        "notes": f"the notes on {who}",
        "consent": f"the {first.detail.get('kind')} consent of {who}",
        "activate": f"making {who} active",
        "deactivate": f"the deactivation of {who}",
        "set pin": f"the new PIN of {who}",
        "remove pin": f"the removal of the PIN of {who}",
        "merge": f"the merging of {first.detail.get('source')} into {who}",
        "discard visitor": f"the discarding of {plural(len(found), 'face')}",
        "name visitor": f"the naming of a visitor as {who}",
        "void": f"voiding {entries} of {of_whom}",
        "correct": f"the correction of {entries} of {of_whom}",
        "add check_in": added,
        "add check_out": added,
        "add": f"enrolling {who}" if len(names) < 2 else f"enrolling {len(names)} people",
        "erase": "an erasure",
        "add template": f"more images of {who}",
        "delete template": f"the {'move' if first.detail.get('moved') else 'deletion'} of an image of {who}",
        "accept capture": f"a picture from the door that was accepted for {who}",
        "reject capture": f"a picture from the door that was rejected for {who}",
        "set aside": f"a day of {who} that was set aside",
        "look again": f"a day of {who} that is looked at again",
        "add key": f"the key {first.detail.get('key')}",
        "revoke key": f"the end of the key {first.detail.get('key')}",
        "add kiosk key": f"the key of the kiosk {first.detail.get('key')}",
        "revoke kiosk key": f"the end of the key of the kiosk {first.detail.get('key')}",
        "set admin pin": "a new admin PIN",
        "remove admin pin": "the removal of the admin PIN",
        "change settings": "a change of settings",
        desk_users.ADDED: f"the desk's PIN of {first.detail.get('name')}",
        desk_users.REMOVED: f"the removal of {first.detail.get('name')} from the desk",
    }
    if first.action in CALENDAR:
        how_many = f" and {len(found) - 1} more" if len(found) > 1 and len(actions) == 1 else ""
        return WORDS[first.action] + (f" for {who}" if who else "") + how_many
    return told.get(first.action, f"{first.action} {who}".strip())
