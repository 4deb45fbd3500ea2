"""From tokens to the tree of an expression: recursive descent, with an operator stack for the binary operators.

The grammar is the one of the CEL language definition without bytes, message literals and macros other than `has`.
Nesting is bounded twice, in the text and in the tree, so that neither parsing, evaluating nor rendering can exhaust
Python's stack; the language asks for 32 levels.
"""

from __future__ import annotations

import difflib
from typing import Final

from milonga.compiler.cel.chains import binds_first, combine
from milonga.compiler.cel.expressions import (
    PRECEDENCE,
    Call,
    Conditional,
    Expression,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Member,
    Unary,
    walk,
)
from milonga.compiler.cel.functions import FUNCTIONS, METHODS
from milonga.compiler.cel.tokens import KEYWORDS, RESERVED, Token, syntax_error, tokenize
from milonga.compiler.cel.values import INT_MAX, Uint
from milonga.errors import InvalidPipeline

NESTING_MAX: Final = 64
HEIGHT_MAX: Final = 128

_MACROS: Final = frozenset(("all", "exists", "exists_one", "map", "filter"))
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        InvalidPipeline: E220 with the column: no CEL, a function that pipelines do not have, or too deep or too long.
    """
    parser = _Parser(text)
    try:
        expression = parser.whole()
    except RecursionError:  # only for a caller that is itself close to the end of the stack
        raise syntax_error(text, 0, "the expression is nested too deeply for what is left of the stack") from None
    if max(depth for _, depth in walk(expression)) > HEIGHT_MAX:
        raise syntax_error(text, 0, f"the expression is more than {HEIGHT_MAX} operations deep")
    return expression


class _Parser:
    """The state of one parse: the tokens and how far they have been read."""

    __slots__ = ("nesting", "position", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.position = 0
        self.nesting = 0

    def whole(self) -> Expression:
        if len(self.tokens) == 1:
            raise self._error("the expression is empty")
        expression = self._expression()
        if self.position < len(self.tokens) - 1:
            raise self._error(f"unexpected {self._named(self._next)}", "an operator is missing, or this is too much")
        return expression

    @property
    def _next(self) -> Token:
        return self.tokens[self.position]

    def _error(self, message: str, hint: str = "", token: Token | None = None) -> InvalidPipeline:
        return syntax_error(self.text, (token or self._next).offset, message, hint)

    @staticmethod
    def _named(token: Token) -> str:
        return "end of the expression" if token.kind == "end" else f"'{token.text[:40]}'"

    def _take(self, operator: str) -> bool:
        """Step over `operator` if it comes next."""
        token = self.tokens[self.position]
        if token.kind == "operator" and token.text == operator:
            self.position += 1
            return True
        return False

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            raise self._error(f"expected '{operator}', not {self._named(self._next)}")

    def _expression(self) -> Expression:
        """Expr = ConditionalOr ["?" ConditionalOr ":" Expr]; a chain of conditionals is read without recursion."""
        self.nesting += 1
        if self.nesting > NESTING_MAX:
            raise self._error(f"more than {NESTING_MAX} levels of nesting")
        branches: list[tuple[Expression, Expression]] = []
        last = self._operation()
        while self._take("?"):
            then = self._operation()
            self._expect(":")
            branches.append((last, then))
            last = self._operation()
        for condition, then in reversed(branches):
            last = Conditional(condition, then, last)
        self.nesting -= 1
        return last

    def _operation(self) -> Expression:
        """Operands and binary operators, by precedence; every binary operator of CEL associates to the left."""
        operands = [self._unary()]
        operators: list[str] = []
        while level := PRECEDENCE.get(self._next.text, 0):
            operator = self._next.text
            while operators and binds_first(operators[-1], operator, level):
                combine(operands, operators)
            operators.append(operator)
            self.position += 1
            operands.append(self._unary())
        while operators:
            combine(operands, operators)
        return operands[0]

    def _unary(self) -> Expression:
        """Unary = Member | "!" {"!"} Member | "-" {"-"} Member; a minus right before a number belongs to it."""
        operator, count = self._next.text if self._next.kind == "operator" else "", 0
        if operator not in ("!", "-"):
            return self._member(negative=False)
        while self._take(operator):
            count += 1
        negative = operator == "!" and self._take("-")
        token = self._next
        signed = token.kind == "number" and not isinstance(token.value, Uint)
        if operator == "-" and signed:
            count, negative = count - 1, True
        if negative and not signed:
            raise self._error("'!' and '-' cannot stand together", "use parentheses: !(-x)")
        operand = self._member(negative=negative)
        for _ in range(count):
            operand = Unary(operator, operand)
        return operand

    def _member(self, *, negative: bool) -> Expression:
        """A primary with its members, indices and method calls."""
        expression = self._primary(negative=negative)
        while True:
            if self._take("."):
                if self._next.text == "?":
                    raise self._error("optional fields are not supported")
                name = self._name(KEYWORDS, "the name of a field")
                if self._take("("):
                    expression = self._call(name, expression, self._arguments(")"))
                else:
                    expression = Member(expression, name.text)
            elif self._take("["):
                if self._next.text == "?":
                    raise self._error("optional fields are not supported")
                expression = Index(expression, self._expression())
                self._expect("]")
            elif self._next.text == "{" and isinstance(expression, (Identifier, Member)):
                raise self._error("messages cannot be constructed in a pipeline", "use a map: {'key': value}")
            else:
                return expression

    def _primary(self, *, negative: bool) -> Expression:
        token = self._next
        if token.kind == "number" and isinstance(token.value, (int, float)):
            self.position += 1
            if not negative and type(token.value) is int and token.value > INT_MAX:
                raise self._error("the number does not fit into 64 bits", token=token)
            return Literal(-token.value if negative else token.value)
        if token.kind == "string":
            self.position += 1
            return Literal(token.value)
        if token.kind == "name" and token.text in _CONSTANTS:
            self.position += 1
            return Literal(_CONSTANTS[token.text])
        if self._take("("):
            expression = self._expression()
            self._expect(")")
            return expression
        if self._take("["):
            return ListLiteral(self._arguments("]"))
        if self._take("{"):
            return self._map()
        if token.text == "." and self.tokens[self.position + 1].kind == "name":
            self.position += 1  # a leading dot asks for the root scope, the only one there is
        name = self._name(KEYWORDS | RESERVED, "a value")
        return self._call(name, None, self._arguments(")")) if self._take("(") else Identifier(name.text)

    def _name(self, refused: frozenset[str], wanted: str) -> Token:
        token = self._next
        if token.kind != "name" or token.text in refused:
            reserved = token.kind == "name" and token.text in RESERVED
            hint = f"'{token.text}' is a reserved word" if reserved else ""
            raise self._error(f"expected {wanted}, not {self._named(token)}", hint)
        self.position += 1
        return token

    def _arguments(self, closing: str) -> tuple[Expression, ...]:
        """Expressions up to and with the closing bracket; a list may end in a comma, as in cel-go."""
        found: list[Expression] = []
        while not self._take(closing):
            found.append(self._expression())
            if not self._take(","):
                self._expect(closing)
                break
            if closing == ")" and self._next.text == ")":
                raise self._error("expected another argument behind the comma")
        return tuple(found)

    def _map(self) -> MapLiteral:
        entries: list[tuple[Expression, Expression]] = []
        while not self._take("}"):
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._take(","):
                self._expect("}")
                break
        return MapLiteral(tuple(entries))

    def _call(self, name: Token, target: Expression | None, arguments: tuple[Expression, ...]) -> Call:
        """Check name and number of arguments here: a back end would refuse the pipeline, not the run."""
        function = name.text
        known = FUNCTIONS if target is None else METHODS
        if target is not None and function in _MACROS:
            raise self._error(f"the macro '{function}' is not supported", "compute it in a component", name)
        if function not in known:
            close = difflib.get_close_matches(function, known, 1)
            suggestion = f"did you mean '{close[0]}'? " if close else ""
            raise self._error(
                f"pipelines have no {'function' if target is None else 'method'} '{function}'",
                f"{suggestion}there are: {', '.join(sorted(known))}",
                name,
            )
        count = known[function].count - (target is not None)
        if len(arguments) != count:
            raise self._error(
                f"'{function}' takes {count} argument{'s' * (count != 1)}, not {len(arguments)}", "", name
            )
        if function == "has" and not isinstance(arguments[0], Member):
            raise self._error("'has' takes a field: has(x.name)", "for a key that is no name write 'key' in x", name)
        return Call(function, target, arguments)
