"""Text from outside, made safe for the exposition formats."""


def well_formed(text: str) -> str:
    """Replace lone surrogates, which JSON can carry and UTF-8 cannot, by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def label_value(value: str) -> str:
    """Escape a label value, without the quotes around it. Control characters are fine as they are."""
    return well_formed(value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\""))


class LabelValues(dict[str, str]):
    """Label values by what they are, escaped: each is looked at once, in however many series it stands."""

    def __missing__(self, value: str) -> str:
        """Escape a value that was not asked for before."""
        escaped = self[value] = label_value(value)
        return escaped


def help_text(text: str, *, openmetrics: bool) -> str:
    """Escape a HELP text. Only OpenMetrics escapes quotes there."""
    escaped = well_formed(text.replace("\\", r"\\").replace("\n", r"\n"))
    return escaped.replace('"', r"\"") if openmetrics else escaped
