"""Texts that have broken something somewhere: each must pass through milonga as data.

Families, so that a report says what kind of text broke. Written here as Python, since no file format holds them all.
"""

# ruff: noqa: E501 - tables of data

from __future__ import annotations

from collections.abc import Mapping

QUOTES = (
    "'", '"', "`", "''", '""', "'''", '"""', "it's", 'say "hi"', "'\"'", "\"'\"", "\\'", '\\"', "\\\\'", "a\\", "\\", "\\\\",
    "'; --", '"; --', "' + '", '" + "', "',)", '"])', "\u2018\u2019\u201c\u201d", "\u00ab\u00bb", "r'raw'", "b'bytes'", "f'{x}'",
)  # fmt: skip

BRACES = (
    "{", "}", "{}", "{{", "}}", "{{}}", "{{{", "}}}", "{0}", "{x}", "{x!r}", "{x:>10}", "{0.__class__}", "[", "]", "[]", "[0]",
    "(", ")", "()", "<", ">", "<>", "${", "${}", "#{", "%{", "{%", "%}", "{# c #}", "((", "))", "[[", "]]",
)  # fmt: skip

LINES = (
    "\n", "\r", "\r\n", "\t", "\v", "\f", "a\nb", "a\r\nb", "a\rb", "\na", "a\n", "a\n\n", "\n\n\n", "a\n b\n  c", " a\nb",
    "a \nb", "a\tb", "\ta\nb", "a\n\tb", "a\x85b", "a\u2028b", "a\u2029b", "a\x1cb\x1db\x1eb", "- a\n- b", "a: 1\nb: 2",
)  # fmt: skip

CONTROL = (
    "\x00", "a\x00b", "\x00\x00", "\x01", "\x02\x03", "\x07", "\x08", "\x0e", "\x1a", "\x1b", "\x1f", "\x7f", "\x80", "\x9f",
    "\xad", "\ufeff", "\ufeffa", "a\ufeff", "\ufffe", "\uffff", "\ufffd", "\U0010ffff",
    "".join(map(chr, range(32))), "".join(map(chr, range(127, 160))),
)  # fmt: skip

YAML = (
    "true", "True", "TRUE", "false", "yes", "Yes", "no", "NO", "on", "off", "y", "n", "null", "Null", "~", "none", "nil",
    "!!python/object/apply:os.system [id]", "!!str 1", "!tag x", "!<tag:yaml.org,2002:str> a", "&a", "*a", "&a *a", "<<", "<<: *a",
    "? a", ": a", "a: b", "a:b", "- a", "-", "--", "---", "--- a", "...", "# c", "a # c", "a #c", "|", "|-", "|+ 2", ">", ">-",
    "%YAML 1.1", "@a", "`a", "[a, b]", "{a: b}", "a, b", "1:30", "12:30:45", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "=",
    "0o7", "0x1f", "0b1", "1_000", "+1", "._", ".", "..", "a\n---\nb", "a\n...\nb", "key: |\n  text", "\"a\": 'b'",
)  # fmt: skip

NUMBERS = (
    "0", "-0", "1", "-1", "1.0", "1e3", "1E400", "-1e-400", "0.1", ".5", "5.", "NaN", "nan", ".nan", "Infinity", "-inf", ".inf",
    "9007199254740993", "18446744073709551616", "1" * 400, "0x10", "007", "1,5", "1 000", "\u0661\u0662", "\u00b2", "\u2167",
)  # fmt: skip

CEL = (
    "' or True or '", "' || true || '", '" || true || "', ") || true || (", "') || (true) || ('", "\\' || true || \\'", "true || x",
    "inputs.parameter_values['x']", "inputs.parameter_values", "int('1')", "1 == 1", "x == 'x'", "!x", "a && b", "size(x) > 0",
    "parseJson(string_value)[\"a\"]", "string_value", "'a' in ['a']", "has(x.y)", "\\u0027 == \\u0027", "r'\\'", "//",
    "// comment", "'\n' == '\n'", "1 ? 2 : 3", "[1,2].map(x, x)", "__import__('os')", "().__class__.__mro__",
)  # fmt: skip

SHELL = (
    "$HOME", "${HOME}", "$(id)", "`id`", "$((1+1))", "$$", "$@", "$0", "!!", "; id", "&& id", "| id", "> /tmp/x", "< /etc/passwd",
    "& id", "\n id", "a b", "*", "?", "~", "~root", "-rf", "--help", "--", "-", "$'\\n'", "%PATH%", "%0a", "^&", "a=b", "IFS=x",
    "$(VAR)", "$$(VAR)", "$(PATH)", "$(echo 'a b')", "'$(id)'", '"$(id)"', "\\$HOME", "eval $x", "#!/bin/sh", "${x:-y}", "\\\n",
)  # fmt: skip

TEMPLATES = (
    "%s", "%d", "%(x)s", "%%", "%", "%n", "{x.__init__.__globals__}", "{{ 7*7 }}", "{{7*'7'}}", "{% raw %}", "{{x|safe}}", "<%= 7 %>",
    "#{7*7}", "${7*7}", "${{ secrets.X }}", "{{inputs.parameters.x}}", "{{workflow.name}}", "{{=sprig.env('HOME')}}", "{{=1+1}}",
    "{{tasks.a.outputs.result}}", "{{item}}", "{{pod.name}}", "{{retries}}", "{{$}}", "{{$.inputs.parameters['x']}}",
    "{{$.inputs.parameters['text']}}", '{{$.inputs.parameters["text"]}}', "{{$.inputs.artifacts['x'].path}}", "{{$.outputs.parameters['Output'].output_file}}",
    "{{$.json_escape[1]}}", "{{$.pipeline_job_name}} and more", "{{$.nonsense}}", "{{$", "{{$.", "$}}", "{{channel:task=x;name=y;type=String;}}",
    "{{$.inputs.parameters['pipelinechannel--x']}}", '{"IfPresent": {"InputName": "x", "Then": ["a"]}}', '{"Concat": ["a", "b"]}',
    "{\"InputName\": \"x\"}", "{{a}}{{$.pipeline_root}}{{b}}", "{{{{$.pipeline_root}}}}", "pipelinechannel--x", "[[DateTime]]", "[[Index]]", "{{$.pipeline_job_uuid",
)  # fmt: skip

JSON = (
    "{}", "[]", '""', '"a"', '{"a": 1}', '{"a": "b', '[1, 2', "null", '{"a": {"$oid": "1"}}', '{"$repeat": ["a", 2]}', '{"__proto__": 1}',
    "\\u0041", "\\ud800", "\\n", "\\x41", "\\0", "\\", "\\/", '{"a":1}{"b":2}', "[" * 50, "{\"a\":" * 20, "1 2", "'a'", "undefined", "/* c */ 1",
)  # fmt: skip

UNICODE = (
    "\u00f1", "n\u0303", "\u6f22\u5b57", "\u202e\u0065\u0078\u0065.txt", "\u202d", "\u2066a\u2069", "\u200b", "a\u200bb", "\u200d", "\u2060", "\u00a0", "\u3000",
    "\U0001f3b6", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "e" + "\u0301" * 50, "\u1e9e", "\u00df", "\u0130", "\u0131", "\ufb01",
    "\u05d0\u05d1", "\u0627\u0644", "\u0915\u094d\u0937", "\U0001d51e", "\u2126\u03a9", "K\u212a", "\ue000", "\U000f0000", "\ufdd0",
    "\ud800", "\udfff", "a\ud800b", "\udc80", "\udfff\ud800", "\ud800" * 3,
)  # fmt: skip

PATHS = (
    "/", "..", ".", "../", "../../etc/passwd", "/etc/passwd", "a/b", "a//b", "./a", "a/", "a/../b", "..\\..\\x", "C:\\", "C:/x", "\\\\host\\share",
    "file:///etc/passwd", "s3://b/k", "gs://b/k", "http://x/?a=b&c=d#e", "CON", "NUL", "AUX.txt", "COM1", "a.", "a ", " a", "a:b", "a*b", "a?b",
    'a"b', "a<b>c", "a|b", "~/.ssh", ".hidden", "%2e%2e%2f", "a%00b", "%", "%zz", ".git", "a" * 255, "b" * 256, "c" * 5000, "x/" * 600,
    "\u00e9" * 200, "-", "--version", "attempt-1", "log.txt", "inputs.json",
)  # fmt: skip

MARKUP = (
    "<b>", "</b>", "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&lt;", "&#0;", "&",
    "<svg/onload=alert(1)>", "javascript:alert(1)", '" onmouseover="x', "' onmouseover='x", "</style>", "</title>", "</textarea>", "<?xml?>", "<!DOCTYPE x>",
    "|a|b|", "# title", "[a](javascript:x)", "![x](y)", "**b**", "```", "\\newline", "=1+1", "+1+1", "@SUM(1)",
)  # fmt: skip

SQL = (
    "' OR '1'='1", "'; DROP TABLE runs; --", "1; DELETE FROM tasks", "\" OR \"\"=\"", "a' UNION SELECT 1--", "/**/", "%' AND 1=0", "\\'; --", "NULL", "CHAR(0)",
)  # fmt: skip

TERMINAL = (
    "\x1b[31mred", "\x1b[0m", "\x1b[2J", "\x1b]0;title\x07", "\x1b[1A\x1b[K", "\x9b31m", "a\rb", "a\x08\x08", "[bold]x[/bold]", "[/]", "[link=x]y[/link]", ":smile:",
    "ok\n2026-01-01 ERROR forged line", "a\r\nSet-Cookie: x=y", "\r\n\r\n<html>", "::error::forged", "::set-output name=x::y", "##vso[task.complete]", "\x1b[?1049h",
)  # fmt: skip

SPACE = ("", " ", "  ", "\t\t", " \n ", "\u00a0", "\u2003", "   a", "a   ", " " * 1000)

PYTHON = (
    "None", "True", "__class__", "lambda: 0", "import os", "exec('x')", "eval", "self", "text", "Output", "__main__", "os.environ", "0/0", "print(1)", "\\N{DASH}",
    "def f(): pass", "@component", "'%s' % x", "x if y else z", "[x for x in y]", "\\x00", "\\u202e", "class", "async", "*args", "**kwargs",
)  # fmt: skip

LONG = ("x" * 100_000, "it's \n" * 20_000, '{"a": ' * 3_000, "\u6f22" * 30_000, "{{$.x}}" * 2_000)

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "quotes": QUOTES,
    "braces": BRACES,
    "lines": LINES,
    "control": CONTROL,
    "yaml": YAML,
    "numbers": NUMBERS,
    "cel": CEL,
    "shell": SHELL,
    "templates": TEMPLATES,
    "json": JSON,
    "unicode": UNICODE,
    "paths": PATHS,
    "markup": MARKUP,
    "sql": SQL,
    "terminal": TERMINAL,
    "space": SPACE,
    "python": PYTHON,
    "long": LONG,
}

SHORT = tuple(dict.fromkeys(text for name, texts in FAMILIES.items() if name != "long" for text in texts))
"""All but the long ones, each once."""

TEXTS = (*SHORT, *LONG)
"""All of them, each once. One of a megabyte is made where it is needed."""

MEGABYTE = 'it\'s 1 MB of "text"\n\u6f22\x00{{$.x}}' * 34_000

WHOLE = tuple(text for text in SHORT if not any("\ud800" <= character <= "\udfff" for character in text))
"""Those that are Unicode, which is all that protobuf, UTF-8 files and file names can hold."""
