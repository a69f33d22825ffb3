"""What policies say to people: English templates with named fields. The template is the key under which a twin in
another language is found, so a sentence is never put together from pieces of prose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Field = str | int


class Sentence(StrEnum):
    """Every sentence that this floor speaks, apart from those of its errors and of the separation of duties."""

    # The file
    UNREADABLE = "This is not readable YAML: {problem}. Put the line in order, and mind indentation and quotes."
    TOO_LONG = "The rules file has {length} characters; at most {limit} are read. Split the file, or shorten it."
    TOO_NESTED = "The file nests deeper than any rule needs. Remove the needless brackets."
    NO_RULES = "The file holds no rules. Begin it with 'rules:' and list at least one rule below."
    TOO_MANY_RULES = "There are {count} rules; at most {limit} are read. Join rules that differ only in a value."
    NOT_A_MAPPING = "Names with values must stand here. Write 'name: value' on each line."
    NOT_A_LIST = "'{key}' must be a list that is not empty. Write each entry on its own line after '- '."
    NOT_TEXT = "'{key}' must be a single text. Write it on the line of its name, in quotes if need be."
    HALF_CHARACTER = (
        "'{key}' holds half a character, which no text can. Write the character itself in place of its code."
    )
    UNKNOWN_KEY = "'{key}' is not known here; what may stand here is {known}. Correct the name, or remove the line."
    REPEATED_KEY = "'{key}' stands twice in one place. Keep one of the two."
    MISSING_KEY = "'{key}' is missing here. Add it."
    TAGGED = "What begins with '!' is read as a YAML tag ('{tag}'). Put the whole text in quotes."
    # A rule
    BAD_ID = "'{id}' cannot be a rule's id. Use small letters, digits and hyphens, a letter first, at most 64."
    REPEATED_ID = "The rule '{id}' is already defined on line {first}. Give one of the two another id."
    BAD_VERSION = "The version must be a whole number from 1 up, not '{version}'. Count it up with each change."
    BAD_BOUND = (
        "'{key}' cannot be '{text}'. Write arrival or departure, and if need be + or - and a number of days"
        " or workdays: 'arrival - 3 workdays'."
    )
    FAR_BOUND = "'{key}' reaches {count} {unit} away; at most {limit} are allowed. Choose a smaller number."
    BAD_RESOURCE = "'{resource}' names no resource. Write its kind, a colon and its id: 'zone:north-public'."
    BAD_FACT = "'{name}' cannot be part of a resource's name; what can is {known}. Correct the name."
    TOO_MANY_RESOURCES = "The rule grants {count} resources; at most {limit} are allowed. Split it into several rules."
    BAD_ABOUT = "'for' cannot be '{text}'; a rule is for {known}. Correct the word, or remove the line for a stay."
    ASKS_AGAIN = (
        "A rule for a {about} may not ask for a unit ('{resource}'). Put what asks into a rule for a stay, and only what"
        " follows from the unit here."
    )
    TOO_MANY_MERITS = (
        "There are {count} entries of points; at most {limit} are read. Join those that differ only in a value."
    )
    BAD_POINTS = "The points must be a whole number from 1 to {limit}, not '{points}'. Correct the number."
    # A condition
    NO_CONDITION = "The condition is empty. Write 'true' if the rule is for everyone."
    LONG_CONDITION = "The condition has {length} characters; at most {limit} are read. Split the rule in two."
    DEEP_CONDITION = "The condition nests too deeply. Split the rule in two, or remove needless brackets."
    SYNTAX = "The condition cannot be read here: {problem}. Look at brackets, quotes and operators."
    UNKNOWN_FACT = "'{name}' is not known; a condition knows {known}. Correct the name, or put text in quotes."
    UNKNOWN_FUNCTION = "There is no function '{name}'. Use in, startsWith, endsWith, contains, matches, size or exists."
    MISMATCH = "'{operator}' cannot join {types}. Compare text with text, numbers with numbers, and lists by 'in'."
    NOT_A_CHOICE = "The condition yields {type}, neither true nor false. Compare it with something: stay.days > 30."
    LOOP = "'{loop}' may not be used here: it could run without end. Use 'in', or a single exists or all."
    CONDITION = "The condition is not valid: {problem}. Correct it."
    # An explanation
    GRANTED = "{rule} (version {version}, {clause}) grants {resource} from {opens} to the end of {last}."
    GRANTED_OPEN = "{rule} (version {version}, {clause}) grants {resource} from {opens}, with no end."
    UNMET = "{rule} (version {version}, {clause}) does not apply: {part} does not hold, since {values}."
    UNMET_PLAIN = "{rule} (version {version}, {clause}) does not apply: {part} does not hold."
    BROKEN = (
        "{rule} (version {version}, {clause}) could not be decided, and so grants nothing. Have the rule corrected."
    )
    NO_DAYS = "{rule} (version {version}, {clause}) applies, but by the stay's dates its right would never be open."
    ELSEWHERE = "{rule} (version {version}, {clause}) applies, but grants {granted} and not {resource}."
    NO_UNIT = "{rule} (version {version}, {clause}) speaks of who holds a {unit}; this stay holds none."
    NO_UNITS = (
        "{rule} (version {version}, {clause}) applies and asks for {resource}, but this campus has no such unit, and so"
        " nothing is granted. Add offices or blocks to the campus file, or leave it so."
    )
    POINTS_BROKEN = "The points by {clause} could not be counted, and so count nothing. Have the rules file corrected."


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its fields: `template` is the key of its twin, `text` what an English reader sees."""

    template: str
    fields: tuple[tuple[str, Field], ...] = ()

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.template.format(**dict(self.fields))


def say(template: Sentence, **fields: Field) -> Said:
    """The sentence with these fields."""
    return Said(str(template), tuple(fields.items()))


class PolicyError(Exception):
    """The policy could not be carried out: {problem}."""

    def __init__(self, **fields: Field) -> None:
        self.said = Said(" ".join((type(self).__doc__ or "").split()), tuple(fields.items()))
        super().__init__(self.said.text)
