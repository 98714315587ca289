"""batchUpdate requests about what lies over cells: names, protection, colours, filters."""

import re
from typing import Any

from . import a1
from .api import merged
from .book import Book, Sheet, overlap
from .errors import bad
from .tabs import Reply, request_mask

NAME = re.compile(r"[^\W\d][\w.]{0,249}")
CALLER = "caller@example.com"


def _home(book: Book, grid: dict[str, int]) -> Sheet:
    """The tab of a range that lies inside the grid."""
    area = a1.from_grid(book, grid)
    area.clipped()
    return area.sheet


def _placed(book: Book, kind: str, key: str, wanted: int) -> tuple[Sheet, int]:
    """Where the thing with that id is: its tab and its place in the list."""
    for sheet in book.sheets:
        for at, thing in enumerate(sheet.things.get(kind, [])):
            if thing[key] == wanted:
                return sheet, at
    raise bad(f"No {WORDS[kind]} with id: {wanted}")


WORDS = {"protectedRanges": "protected range", "bandedRanges": "banded range", "filterViews": "filter view"}


# names


def add_named_range(book: Book, ask: dict[str, Any]) -> Reply:
    named = ask.get("namedRange", {})
    _free_name(book, named.get("name", ""))
    _home(book, named.get("range", {}))
    if any(one["namedRangeId"] == named.get("namedRangeId") for one in book.named):
        raise bad(f'A named range with the id "{named["namedRangeId"]}" already exists.')
    made = {"namedRangeId": str(book.number())} | named | {"range": named.get("range", {})}
    book.named.append(made)
    return {"namedRange": made}


def _free_name(book: Book, name: str, but: str = "") -> None:
    if not NAME.fullmatch(name) or a1.CELL.fullmatch(name):
        raise bad(f"The name '{name}' is not a valid name for a range.")
    for one in book.named:
        if one["name"].lower() == name.lower() and one["namedRangeId"] != but:
            raise bad(f"Cannot add named range with name {name}, a named range with that name already exists.")


def update_named_range(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("namedRange", {})
    at = _name_at(book, given.get("namedRangeId", ""))
    tree = request_mask(ask.get("fields", ""), "NamedRange")
    made = merged(tree, book.named[at], given)
    _free_name(book, made.get("name", ""), but=made["namedRangeId"])
    _home(book, made.get("range", {}))
    book.named[at] = made
    return {}


def delete_named_range(book: Book, ask: dict[str, Any]) -> Reply:
    del book.named[_name_at(book, ask.get("namedRangeId", ""))]
    return {}


def _name_at(book: Book, wanted: str) -> int:
    for at, one in enumerate(book.named):
        if one["namedRangeId"] == wanted:
            return at
    raise bad(f"No named range with id: {wanted}")


# protection


def add_protected_range(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("protectedRange", {})
    if "namedRangeId" in given:
        given = given | {"range": book.named[_name_at(book, given["namedRangeId"])]["range"]}
    elif "range" not in given:
        raise bad("Must specify a range or a named range.")
    sheet = _home(book, given["range"])
    made = {"protectedRangeId": book.number()} | given | {"requestingUserCanEdit": True}
    editors = made.pop("editors", {})
    things = sheet.things.setdefault("protectedRanges", [])
    if any(one["protectedRangeId"] == made["protectedRangeId"] for one in things):
        raise bad(f"A protected range with the id {made['protectedRangeId']} already exists.")
    users = sorted({CALLER, *editors.get("users", [])})
    things.append(made | {"editors": editors | {"users": users}})
    return {"protectedRange": made | {"editors": editors}}


def update_protected_range(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("protectedRange", {})
    sheet, at = _placed(book, "protectedRanges", "protectedRangeId", given.get("protectedRangeId", 0))
    tree = request_mask(ask.get("fields", ""), "ProtectedRange")
    things = sheet.things["protectedRanges"]
    made = merged(tree, things[at], {"protectedRangeId": things[at]["protectedRangeId"]} | given)
    made["requestingUserCanEdit"] = things[at].get("requestingUserCanEdit", True)
    _home(book, made.get("range", {}))
    things[at] = made
    return {}


def delete_protected_range(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, at = _placed(book, "protectedRanges", "protectedRangeId", ask.get("protectedRangeId", 0))
    del sheet.things["protectedRanges"][at]
    return {}


# conditional formats: a list of each tab, first come first served


def add_conditional_format_rule(book: Book, ask: dict[str, Any]) -> Reply:
    rule = ask.get("rule", {})
    rules = _rule_home(book, rule).things.setdefault("conditionalFormats", [])
    index = ask.get("index", 0)
    if not 0 <= index <= len(rules):
        raise bad(f"index[{index}] must be between 0 and {len(rules)}")
    rules.insert(index, rule)
    return {}


def _rule_home(book: Book, rule: dict[str, Any]) -> Sheet:
    if not rule.get("ranges"):
        raise bad("rule.ranges must not be empty.")
    if ("booleanRule" in rule) == ("gradientRule" in rule):
        raise bad("rule must have a booleanRule or a gradientRule.")
    for name in ("minpoint", "maxpoint", "midpoint") if "gradientRule" in rule else ():
        _point(rule["gradientRule"].get(name, {} if name != "midpoint" else {"type": "MIN"}))
    homes = [_home(book, grid) for grid in rule["ranges"]]
    if len({sheet.id for sheet in homes}) > 1:
        raise bad("All ranges of a rule must be on the same sheet.")
    return homes[0]


def _point(point: dict[str, Any]) -> None:
    """One end, or the middle, of a colour scale."""
    if "type" not in point:
        raise bad("No interpolationPointType specified.")
    if point["type"] not in ("MIN", "MAX") and "value" not in point:
        raise bad("InterpolationPoint.value is required.")


def _rules(book: Book, sheet_id: int, index: int) -> list[dict[str, Any]]:
    rules = book.sheet(sheet_id).things.get("conditionalFormats", [])
    if not 0 <= index < len(rules):
        raise bad(f"No conditional format on sheet: {sheet_id} at index: {index}")
    return rules


def update_conditional_format_rule(book: Book, ask: dict[str, Any]) -> Reply:
    index = ask.get("index", 0)
    if "rule" in ask:
        sheet = _rule_home(book, ask["rule"])
        rules = _rules(book, sheet.id, index)
        old, rules[index] = rules[index], ask["rule"]
        return {"newRule": ask["rule"], "newIndex": index, "oldRule": old, "oldIndex": index}
    rules = _rules(book, ask.get("sheetId", 0), index)
    new = ask.get("newIndex", 0)
    rule = rules.pop(index)
    rules.insert(new, rule)
    return {"newRule": rule, "newIndex": new, "oldRule": rule, "oldIndex": index}


def delete_conditional_format_rule(book: Book, ask: dict[str, Any]) -> Reply:
    rules = _rules(book, ask.get("sheetId", 0), ask.get("index", 0))
    return {"rule": rules.pop(ask.get("index", 0))}


# banding


def add_banding(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("bandedRange", {})
    sheet = _home(book, given.get("range", {}))
    things = sheet.things.setdefault("bandedRanges", [])
    if any(overlap(one["range"], given.get("range", {})) for one in things):
        raise bad(
            "You cannot add alternating background colors to a range that already has alternating background colors."
        )
    made = {"bandedRangeId": book.number()} | given
    things.append(made)
    return {"bandedRange": made}


def update_banding(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("bandedRange", {})
    sheet, at = _placed(book, "bandedRanges", "bandedRangeId", given.get("bandedRangeId", 0))
    tree = request_mask(ask.get("fields", ""), "BandedRange")
    things = sheet.things["bandedRanges"]
    things[at] = merged(tree, things[at], given) | {"bandedRangeId": given["bandedRangeId"]}
    return {}


def delete_banding(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, at = _placed(book, "bandedRanges", "bandedRangeId", ask.get("bandedRangeId", 0))
    del sheet.things["bandedRanges"][at]
    return {}


# filters


def set_basic_filter(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("filter", {})
    area = a1.from_grid(book, given.get("range", {})).clipped()
    area.sheet.things["basicFilter"] = [given | {"range": area.grid_range}]
    return {}


def clear_basic_filter(book: Book, ask: dict[str, Any]) -> Reply:
    book.sheet(ask.get("sheetId", 0)).things.pop("basicFilter", None)
    return {}


def add_filter_view(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("filter", {})
    if "namedRangeId" in given:
        given = given | {"range": book.named[_name_at(book, given["namedRangeId"])]["range"]}
    area = a1.from_grid(book, given.get("range", {})).clipped()
    views = area.sheet.things.setdefault("filterViews", [])
    made = {"filterViewId": book.number(), "title": f"Filter {len(views) + 1}"} | given | {"range": area.grid_range}
    if any(one["filterViewId"] == made["filterViewId"] for one in views):
        raise bad(f"A filter view with the id {made['filterViewId']} already exists.")
    if any(one["title"] == made["title"] for one in views):
        raise bad(f'A filter view with the name "{made["title"]}" already exists.')
    views.append(made)
    return {"filter": made}


def update_filter_view(book: Book, ask: dict[str, Any]) -> Reply:
    given = ask.get("filter", {})
    sheet, at = _placed(book, "filterViews", "filterViewId", given.get("filterViewId", 0))
    tree = request_mask(ask.get("fields", ""), "FilterView")
    views = sheet.things["filterViews"]
    views[at] = merged(tree, views[at], given) | {"filterViewId": given["filterViewId"]}
    return {}


def delete_filter_view(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, at = _placed(book, "filterViews", "filterViewId", ask.get("filterId", 0))
    del sheet.things["filterViews"][at]
    return {}


def duplicate_filter_view(book: Book, ask: dict[str, Any]) -> Reply:
    sheet, at = _placed(book, "filterViews", "filterViewId", ask.get("filterId", 0))
    view = sheet.things["filterViews"][at]
    made = view | {"filterViewId": book.number(), "title": f"Copy of {view['title']}"}
    sheet.things["filterViews"].append(made)
    return {"filter": made}
